"""The sheet that figures are drawn on: one look, the same bytes each time, no global state left."""

from __future__ import annotations

import contextlib
import io
import math
import textwrap
import threading
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasrecipes.report.content import Figure
from kerasrecipes.report.svg import inline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure as Sheet

INK, SOFT, RULE, PALE = "#1b2330", "#586273", "#dde1e8", "#e9ecf1"
TRAIN, DEV, FAINT = "#2457b8", "#b54a04", "#b3c4e6"

# One sheet at a time: matplotlib's settings belong to the whole process.
_LOCK = threading.RLock()

_LOOK = {
    "axes.axisbelow": True,
    "axes.edgecolor": SOFT,
    "axes.formatter.useoffset": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": SOFT,
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "image.composite_image": False,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "lines.linewidth": 1.8,
    "savefig.dpi": 144,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": SOFT,
    "xtick.labelsize": 9.5,
    "ytick.color": SOFT,
    "ytick.labelsize": 9.5,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
}


@contextlib.contextmanager
def drawing(width: float = 4.6, height: float = 2.9) -> Iterator[Sheet]:
    """Gives an empty sheet in the house's look, whatever style the user's own plots have.

    Args:
        width: Inches; at 4.6 the letters keep their size on a phone's screen.
        height: Inches.
    """
    from matplotlib import style
    from matplotlib.figure import Figure as Sheet

    with _LOCK, style.context(["default", _LOOK]):
        yield Sheet(figsize=(width, height), layout="constrained")


def from_matplotlib(
    sheet: Sheet, *, name: str, caption: str, alt: str, wide: bool = False
) -> Figure:
    """Turns a matplotlib figure into a `Figure` of the report, its words kept as text.

    Args:
        sheet: A `matplotlib.figure.Figure`.
        name: Lower-case words joined by hyphens, unique in the page.
        caption: What the picture shows.
        alt: The same in words, for a screen reader.
        wide: Bool. Take the whole width of the page.

    Returns:
        The `Figure`.

    Example:
    >>> from matplotlib.figure import Figure as Sheet
    >>> sheet = Sheet()
    >>> _ = sheet.add_subplot().plot([1, 2])
    >>> from_matplotlib(sheet, name="rise", caption="It rises.", alt="A line from 1 to 2.").name
    'rise'
    """
    import matplotlib

    page = io.StringIO()
    fonts: Any = {"svg.fonttype": "none", "svg.hashsalt": "kerasrecipes"}
    with _LOCK, matplotlib.rc_context(fonts), warnings.catch_warnings():
        # The reader's browser draws the letters, so one that is missing here does not matter.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        sheet.savefig(page, format="svg", metadata=nothing, transparent=True)
    return Figure(name, inline(page.getvalue(), name), caption, alt, wide)


def to_png(sheet: Sheet, dpi: int = 110) -> bytes:
    """Returns a matplotlib figure as the bytes of a PNG file, the same each time."""
    page = io.BytesIO()
    with _LOCK, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")
        sheet.savefig(page, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
    return page.getvalue()


def nothing_to_show(name: str, why: str) -> Figure:
    """Returns a figure that says why there is nothing to draw.

    Args:
        name: Name of the figure that it stands for.
        why: The reason, one short sentence.

    Returns:
        The `Figure`.

    Example:
    >>> nothing_to_show("learning-rate", "No epoch was recorded.").caption
    'Nothing to show: No epoch was recorded.'
    """
    with drawing(height=1.2) as sheet:
        sheet.text(0.5, 0.5, "Nothing to show", ha="center", va="center", color=SOFT)
        message = f"Nothing to show: {why}"
        return from_matplotlib(sheet, name=name, caption=message, alt=message)


def series(values: object) -> np.ndarray:
    """Returns the values as a flat float64 array; what is not finite, or above 1e100, is NaN."""
    array = np.array([] if values is None else values, dtype="float64").ravel()
    array[~(np.abs(array) <= 1e100)] = np.nan
    return array


def log_where_wide(axis: Axis, *values: np.ndarray, ratio: float = 30.0) -> bool:
    """Makes an axis logarithmic if the values are positive and span more than `ratio`."""
    known = np.concatenate([array[np.isfinite(array)] for array in values])
    wide = bool(known.size and known.min() > 0 and known.max() > ratio * known.min())
    if wide:
        make_log(axis, dense=known.max() < 1000 * known.min())
    return wide


def make_log(axis: Axis, dense: bool = False) -> None:
    """Makes an axis logarithmic, labelled 0.01, 0.1, 1 or, where that is long, in powers of 10."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes = axis.axes
    (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
    axis.set_major_locator(LogLocator(subs=(1.0, 3.0) if dense else (1.0,), numticks=6))
    axis.set_major_formatter(FuncFormatter(_log_label(axis)))
    axis.set_minor_formatter(NullFormatter())


def label_logs(sheet: Sheet) -> None:
    """Labels logarithmic axes by numbers, where matplotlib would write formulas for TeX."""
    from matplotlib.ticker import FuncFormatter, LogFormatter, NullFormatter

    for axis in (axis for axes in sheet.axes for axis in (axes.xaxis, axes.yaxis)):
        if isinstance(axis.get_major_formatter(), LogFormatter):
            axis.set_major_formatter(FuncFormatter(_log_label(axis)))
            axis.set_minor_formatter(NullFormatter())


def whole_ticks(axis: Axis, count: int = 6, *, inside: bool = False) -> None:
    """Puts the ticks of an axis on whole numbers; `inside` leaves out those near its ends."""
    from matplotlib.ticker import MaxNLocator

    prune: Any = "both" if inside else None
    steps = [1, 2, 5, 10]
    axis.set_major_locator(
        MaxNLocator(nbins=count, integer=True, min_n_ticks=1, steps=steps, prune=prune)
    )


def limits(axes: Axes, length: int) -> None:
    """Shows epochs 1 to `length`, also when there is only one."""
    room = 0.015 * (length - 1) or 0.5  # so that a dot on the edge stays whole
    axes.set_xlim(1 - room, length + room)
    axes.margins(y=0.08)


def nudges(axes: Axes, places: Sequence[float]) -> None:
    """Draws a thin line at each place where somebody changed a setting by hand.

    Args:
        axes: Where.
        places: In epochs.
    """
    for place in places:
        axes.axvline(place, color=SOFT, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)


def line(
    axes: Axes,
    x: np.ndarray,
    y: np.ndarray,
    color: str,
    *,
    linestyle: str = "-",
    dots: bool = False,
    most: int = 400,
) -> None:
    """Draws a line with gaps where `y` is NaN; a point without neighbours becomes a dot.

    Of more than `most` points the lowest and highest of each short stretch are drawn: the line
    looks the same, spikes included, and the page stays small.
    """
    marker = "o" if dots else _marker_if_alone(y)
    kept = _outline(y, most)
    axes.plot(x[kept], y[kept], color=color, linestyle=linestyle, marker=marker, markersize=4)


def short(value: float) -> str:
    """Returns a number as few signs as possible: 0.01, 2,500, 3×10⁻⁵.

    Example:
    >>> [short(value) for value in (0.01, 0.0316, 0.00003, 1e-5, 12345, 0)]
    ['0.01', '0.0316', '3×10⁻⁵', '10⁻⁵', '12,345', '0']
    """
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}").replace("-", "−")
    digits, _, exponent = f"{value:.2e}".partition("e")
    power = _power(int(exponent))
    digits = digits.rstrip("0").rstrip(".").replace("-", "−")
    return {"1": power, "−1": "−" + power}.get(digits, f"{digits}×{power}")


def percent(fraction: float) -> str:
    """Returns a fraction in per cent, with one digit after the point below 10 %.

    Example:
    >>> [percent(value) for value in (0.0139, 0.25, -0.004, 0.0)]
    ['1.4 %', '25 %', '−0.4 %', '0 %']
    """
    value = round(100 * fraction, 1)
    text = f"{value:.0f}" if value == 0 or abs(value) >= 10 else f"{value:.1f}"
    return text.replace("-", "−") + " %"


def two_lines(text: object, width: int) -> str:
    """Returns text broken into at most two lines of `width` letters, cut by an ellipsis.

    Example:
    >>> two_lines("4 L2, strength 0.7", 15)
    '4 L2, strength\\n0.7'
    """
    lines = textwrap.wrap(words(text, 10 * width), width) or [""]
    return "\n".join([lines[0], words(" ".join(lines[1:]), width)] if lines[1:] else lines)


def words(text: object, limit: int) -> str:
    """Returns text on one line, without control signs, cut to `limit` letters by an ellipsis.

    Example:
    >>> words("a  rather\\nlong name", 12)
    'a rather lo…'
    """
    line = " ".join(str(text).split())
    line = "".join(sign if sign.isprintable() else "\ufffd" for sign in line)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _log_label(axis: Axis) -> Callable[[float, int | None], str]:
    def label(value: float, _: int | None) -> str:
        low, high = axis.get_view_interval()
        if (low < 1e-3 or high >= 1e5) and value != 1 and math.log10(value).is_integer():
            return _power(round(math.log10(value)))
        return short(value)

    return label


def _power(exponent: int) -> str:
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _marker_if_alone(values: np.ndarray) -> str | None:
    """Returns the marker that makes points without a neighbour visible, or None without such."""
    known = np.isfinite(values)
    alone = known & ~np.append(known[1:], False) & ~np.insert(known[:-1], 0, False)
    return "o" if alone.any() else None


def _outline(values: np.ndarray, most: int) -> np.ndarray:
    """The indices of at most `most` values that keep the line's outline, in order."""
    if len(values) <= most:
        return np.arange(len(values))
    kept = []
    for stretch in np.array_split(np.arange(len(values)), most // 2):
        known = stretch[np.isfinite(values[stretch])]
        if known.size:
            kept += [known[values[known].argmin()], known[values[known].argmax()]]
        else:
            kept.append(stretch[0])
    return np.unique([0, *kept, len(values) - 1])
