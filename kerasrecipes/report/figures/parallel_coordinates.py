"""The figure of parallel coordinates: every trial as a line through all its values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasrecipes.report.content import Figure
from kerasrecipes.report.figures import canvas
from kerasrecipes.report.figures.search_scores import BEST, Dimension, Scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS = 12
_MOST_LINES = 120
_OFF = -0.12  # where a hyperparameter that is not active is drawn
_BANDS = 6
_HALO = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6}


def parallel_coordinates(
    dimensions: Sequence[Dimension], scores: Scores, *, name: str = "parallel-coordinates"
) -> Figure:
    """Draws a row a hyperparameter and a line a trial, darker the better it is.

    The axes lie, one below the other, so that their labels have room on a phone too.

    Args:
        dimensions: The hyperparameters, the most important first; 12 are drawn at most.
        scores: The completed trials; of more than 120 the best fifth and an even choice of the rest
            are drawn.
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Example:
    >>> rate = Dimension("rate", np.array([0.1, 0.6]), ((0.0, "0.001"), (1.0, "1")))
    >>> scores = Scores(np.array([2.0, 1.0]), "val_loss", "min", np.zeros(2, int))
    >>> parallel_coordinates([rate], scores).alt
    'The 2 trials as lines through rate.'
    """
    shown = list(dimensions[:MOST_ROWS])
    if not shown:
        return canvas.nothing_to_show(name, "no hyperparameter can vary.")
    lines = _chosen(scores)
    with canvas.drawing(height=0.5 + 0.62 * (len(shown) + 1)) as sheet:
        draw_parallel(sheet.add_subplot(), shown, scores)
        some = f" {len(lines)} of {len(scores.values)} trials are drawn, the best among them." \
            if len(lines) < len(scores.values) else ""  # fmt: skip
        hidden = len(dimensions) - len(shown)
        told = f"{len(lines)} trials as lines" if len(lines) > 1 else "one trial as a line"
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption="Each line is a trial, darker the better it is; the best stands out. Where the "
            "dark lines run together lies what works." + some
            + (f" The {hidden} least important are not drawn." if hidden else ""),
            alt=f"The {told} through {', '.join(canvas.words(each.name, 40) for each in shown)}.",
            wide=True,
        )  # fmt: skip


def draw_parallel(axes: Axes, shown: Sequence[Dimension], scores: Scores) -> None:
    """Draws rows and lines on axes of their own."""
    rows = len(shown)
    off = any(np.isnan(dimension.places).any() for dimension in shown)
    places = np.stack([*(each.places for each in shown), _along(scores)], axis=1)
    places[np.isnan(places)] = _OFF
    y = np.arange(rows + 1)
    chosen = _chosen(scores)
    for share, trial in zip(np.linspace(1, 0, len(chosen)), chosen, strict=True):
        axes.plot(places[trial], y, color=_colour(share), linewidth=0.9, zorder=2 - share)
    axes.plot(places[scores.best], y, color=BEST, linewidth=2.2, zorder=4)
    for row, dimension in enumerate(shown):
        _draw_row(axes, row, dimension.name, dimension.ticks)
        if np.isnan(dimension.places).any():
            _write(axes, "off", _OFF, row, "center")
    low, high = scores.limits
    ends = ((0.0, canvas.short(low)), (1.0, canvas.short(high)))
    _draw_row(axes, rows, " ".join(scores.label.split()), ends)
    axes.set(xlim=(_OFF - 0.06 if off else -0.05, 1.05), ylim=(rows + 0.45, -0.5))
    axes.set_axis_off()


def _draw_row(axes: Axes, row: int, name: str, ticks: Sequence[tuple[float, str]]) -> None:
    axes.plot((0, 1), (row, row), color=canvas.SOFT, linewidth=0.9, zorder=3)
    axes.annotate(canvas.words(name, 44), (0, row), xytext=(0, 5), textcoords="offset points",
                  fontsize=9.5, color=canvas.INK, bbox=_HALO, zorder=6)  # fmt: skip
    for place, text in _apart(ticks):
        axes.plot((place, place), (row - 0.05, row + 0.05), color=canvas.SOFT, linewidth=0.9)
        side = "left" if place < 0.06 else "right" if place > 0.94 else "center"
        _write(axes, canvas.words(text, 10), place, row, side)


def _write(axes: Axes, text: str, place: float, row: int, side: Any) -> None:
    """Writes beneath the axis of a row."""
    axes.annotate(text, (place, row), xytext=(0, -4), textcoords="offset points", va="top", ha=side,
                  fontsize=8.5, color=canvas.SOFT, bbox=_HALO, zorder=6)  # fmt: skip


def _along(scores: Scores) -> np.ndarray:
    """The place of each score on the last row, what lies beyond its ends on them."""
    low, high = scores.limits
    values = np.clip(scores.values, low, high)
    if scores.log:
        low, high, values = np.log10(low), np.log10(high), np.log10(values)
    return (values - low) / (high - low)


def _chosen(scores: Scores) -> np.ndarray:
    """The trials to draw, the worst first."""
    order = np.argsort(-scores.costs, kind="stable")
    if len(order) <= _MOST_LINES:
        return order
    best = order[-_MOST_LINES // 5 :]
    rest = order[: len(order) - len(best)]
    even = np.linspace(0, len(rest) - 1, _MOST_LINES - len(best)).round().astype(int)
    return np.concatenate([rest[even], best])


def _colour(share: float) -> tuple[float, float, float]:
    """From the strong colour of the best to the pale one of the worst, in few steps."""
    step = round(min(1.0, 1.15 * share**0.5) * _BANDS) / _BANDS
    strong, pale = np.array([36, 87, 184]) / 255, np.array([222, 228, 240]) / 255
    red, green, blue = strong + step * (pale - strong)
    return float(red), float(green), float(blue)


def _apart(ticks: Sequence[tuple[float, str]], letters: int = 56) -> list[tuple[float, str]]:
    most = max(1, letters // max(2 + min(10, len(text)) for _, text in ticks)) if ticks else 0
    if len(ticks) <= most:
        return list(ticks)
    chosen = np.unique(np.linspace(0, len(ticks) - 1, most).round().astype(int))
    return [ticks[i] for i in chosen]
