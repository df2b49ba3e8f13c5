"""Figures with a row for each layer: a number on a log scale, or shares of its units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from kerasrecipes.report.content import Figure
from kerasrecipes.report.figures import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS = 24


def layer_values(
    values: Mapping[str, float],
    *,
    quantity: str,
    usual: float | None = None,
    caption: str = "",
    name: str = "layer-values",
) -> Figure:
    """Draws one number > 0 for each layer on a log scale, the layer nearest to the input on top.

    Args:
        values: Numbers by layer, in the order of execution; what is not above 0 has no dot.
        quantity: What they are, e.g. `"gradient norm"`.
        usual: A line across, e.g. 1e-3 for update ratios; None for none.
        caption: What to read from it.
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Example:
    >>> layer_values({"one": 1e-6, "two": 0.01}, quantity="gradient norm").alt
    'Gradient norm by layer: one 10⁻⁶, two 0.01.'
    """
    rows = _thinned(values)
    numbers = canvas.series(list(rows.values()))
    numbers[~(numbers > 0)] = np.nan
    if not np.isfinite(numbers).any():
        return canvas.nothing_to_show(name, f"no {quantity} was measured.")
    with canvas.drawing(height=_height(rows)) as sheet:
        axes = sheet.add_subplot(xlabel=f"{quantity}, log scale")
        canvas.make_log(axes.xaxis)
        axes.plot(numbers, np.arange(len(rows)), "o-", color=canvas.TRAIN, markersize=5)
        if usual is not None:
            axes.axvline(usual, color=canvas.DEV, linewidth=1.4, linestyle="--")
            axes.set_title(f"usual: about {canvas.short(usual)}", color=canvas.DEV)
        _decades(axes, numbers, usual)
        _rows(axes, rows)
        listed = ", ".join(f"{canvas.words(row, 40)} {_told(rows[row])}" for row in rows)
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption=caption or f"The {quantity} of each layer, the input's side on top.",
            alt=f"{quantity.capitalize()} by layer: {listed}.",
        )


def shares(
    values: Mapping[str, float],
    *,
    quantity: str,
    limit: float | None = None,
    highlight: str | None = None,
    caption: str = "",
    name: str = "shares",
) -> Figure:
    """Draws shares as bars from 0 to 1, one a row; what is below 0 is drawn as 0.

    Args:
        values: Shares by name.
        quantity: What they are shares of, e.g. `"dead units"`.
        limit: A line across; None for none.
        highlight: The row that stands out.
        caption: What to read from it.
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Example:
    >>> shares({"one": 0.1, "two": 0.9}, quantity="dead units").alt
    'Dead units: one 10 %, two 90 %.'
    """
    rows = {row: float(value) for row, value in _thinned(values).items() if np.isfinite(value)}
    if not rows:
        return canvas.nothing_to_show(name, f"no {quantity} were measured.")
    with canvas.drawing(height=_height(rows)) as sheet:
        axes = sheet.add_subplot(xlabel=quantity)
        axes.grid(False)
        colours = [canvas.DEV if row == highlight else canvas.TRAIN for row in rows]
        lengths = np.clip(list(rows.values()), 0, 1)
        axes.barh(np.arange(len(rows)), lengths, color=colours, height=0.6)
        for row, (value, length) in enumerate(zip(rows.values(), lengths, strict=True)):
            axes.annotate(
                canvas.percent(value),
                (length, row),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
            )
        if limit is not None:
            axes.axvline(limit, color=canvas.SOFT, linewidth=1.2, linestyle="--")
        axes.set(xlim=(0, 1.2), xticks=[])
        _rows(axes, rows)
        axes.spines[:].set_visible(False)
        listed = ", ".join(f"{canvas.words(row, 40)} {canvas.percent(rows[row])}" for row in rows)
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption=caption or f"{quantity.capitalize()}, as shares from 0 to 100 %.",
            alt=f"{quantity.capitalize()}: {listed}.",
        )


def _thinned(values: Mapping[str, float]) -> dict[str, float]:
    """At most `MOST_ROWS` of the rows, the first and the last among them."""
    names = list(values)
    if len(names) > MOST_ROWS:
        names = [names[i] for i in np.linspace(0, len(names) - 1, MOST_ROWS).round().astype(int)]
    return {each: values[each] for each in names}


def _height(rows: Mapping[str, float]) -> float:
    return 1.1 + 0.26 * len(rows)


def _rows(axes: Axes, rows: Mapping[str, float]) -> None:
    axes.set_yticks(np.arange(len(rows)), [canvas.words(row, 22) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", labelcolor=canvas.INK)


def _decades(axes: Axes, numbers: np.ndarray, usual: float | None) -> None:
    """Whole decades, at least two of them, so that small differences look small."""
    known = [*numbers[np.isfinite(numbers)], *([usual] if usual else [])]
    low, high = np.floor(np.log10(min(known))), np.ceil(np.log10(max(known)))
    axes.set_xlim(10.0**low / 1.5, 10.0 ** max(high, low + 2) * 1.5)


def _told(value: float) -> str:
    return canvas.short(value) if np.isfinite(value) else "not finite"
