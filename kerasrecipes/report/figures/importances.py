"""The figure of importance: one bar a hyperparameter, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kerasrecipes.report.content import Figure
from kerasrecipes.report.figures import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_BARS = 20
_LETTERS = 24  # of a name on one line


def importance_bars(
    rows: Sequence[tuple[str, float, float, float]],
    pairs: Sequence[tuple[str, float, float, float]] = (),
    *,
    meaningful: bool = True,
    name: str = "importance",
) -> Figure:
    """Draws shares of the variance as bars with their intervals, pairs in a paler colour.

    Args:
        rows: Sequence of `(name, share, low, high)`, the most important first; those whose share is
            NaN are not drawn.
        pairs: The same of what two do together.
        meaningful: Bool. Whether the shares mean anything; if not, the bars are hollow.
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Example:
    >>> importance_bars([("rate", 0.8, 0.7, 0.9), ("units", 0.1, 0.0, 0.2)]).alt
    'Importance: rate 80 % (70 % to 90 %), units 10 % (0 % to 20 %).'
    """
    bars = [row for row in rows if math.isfinite(row[1])][:MOST_BARS]
    both = [row for row in pairs if math.isfinite(row[1])]
    if not bars:
        return canvas.nothing_to_show(name, "no importance was measured.")
    long = any(len(row[0]) > _LETTERS for row in bars + both)
    with canvas.drawing(height=0.5 + (0.4 if long else 0.27) * len(bars + both)) as sheet:
        draw_importance(sheet.add_subplot(), bars, both, meaningful=meaningful)
        hidden = len(rows) - len(bars)
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption="The share of the differences between trials that each hyperparameter makes, "
            "with its 95 % interval"
            + ("; pale, what two do together beyond each alone." if both else ".")
            + ("" if meaningful else " Hollow: these shares mean nothing.")
            + (f" The {hidden} least important are not drawn." if hidden else ""),
            alt=f"Importance: {', '.join(map(_in_words, bars + both))}.",
        )


def draw_importance(
    axes: Axes,
    bars: Sequence[tuple[str, float, float, float]],
    pairs: Sequence[tuple[str, float, float, float]] = (),
    *,
    meaningful: bool = True,
) -> None:
    """Draws the bars on axes of their own."""
    shown = [*bars, *pairs]
    axes.grid(False)
    for row, (_, share, low, high) in enumerate(shown):
        colour = canvas.TRAIN if row < len(bars) else canvas.FAINT
        fill = {"color": colour} if meaningful else {"facecolor": "none", "edgecolor": colour}
        axes.barh(row, share, height=0.6, **fill)  # type: ignore[arg-type]
        ends = (low, high) if math.isfinite(low + high) else (share, share)
        axes.plot(ends, (row, row), color=canvas.INK, linewidth=1.2)
        axes.annotate(canvas.percent(share), (max(share, ends[1]), row), xytext=(6, 0),
                      textcoords="offset points", va="center")  # fmt: skip
    axes.set_yticks(range(len(shown)), [canvas.two_lines(name, _LETTERS) for name, *_ in shown])
    furthest = max(max(share, high if math.isfinite(high) else 0) for _, share, _, high in shown)
    axes.set(xlim=(0, 1.22 * furthest or 1), ylim=(len(shown) - 0.4, -0.6), xticks=[])
    axes.tick_params(axis="y", labelcolor=canvas.INK)
    axes.spines[:].set_visible(False)


def _in_words(row: tuple[str, float, float, float]) -> str:
    name, share, low, high = row
    told = f"{canvas.words(name, 40)} {canvas.percent(share)}"
    return f"{told} ({canvas.percent(low)} to {canvas.percent(high)})" if low <= high else told
