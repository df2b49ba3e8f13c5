"""The figure of a regression's errors: residuals against predictions, with their spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from kerasrecipes.report.content import Figure
from kerasrecipes.report.figures import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_AS_POINTS = 400


def residuals(true: ArrayLike, predicted: ArrayLike, *, name: str = "residuals") -> Figure:
    """Draws the residual `true - predicted` against the prediction, with its histogram.

    A band around zero without shape is what noise looks like; a curve or a funnel says what the
    model has not learned. Pairs with NaN or infinity are left out, and the caption says how many.

    Args:
        true: Targets, any shape.
        predicted: Predictions, the same shape, or the same number of values.
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Raises:
        ValueError: If the two differ in the number of values.

    Example:
    >>> residuals([1.0, 2.0, 3.0], [1.0, 2.0, 6.0]).alt
    'Residuals of 3 predictions: mean −1, root mean square 1.73.'
    """
    target, guess, missing = _pairs(true, predicted)
    if not target.size:
        return canvas.nothing_to_show(name, "no prediction to compare.")
    rest = target - guess
    root = float(np.sqrt(np.mean(rest**2)))
    summary = (
        f"Residuals of {len(rest):,} prediction{'s' * (len(rest) != 1)}: "
        f"mean {canvas.short(rest.mean())}, root mean square {canvas.short(root)}."
    )
    with canvas.drawing() as sheet:
        axes, side = sheet.subplots(1, 2, sharey=True, width_ratios=(4, 1))
        _draw_cloud(axes, guess, rest)
        _draw_spread(side, rest)
        for panel in (axes, side):
            panel.axhline(0, color=canvas.INK, linewidth=1)
        axes.set(xlabel="predicted", ylabel="true − predicted")
        left_out = f" {missing:,} pairs with missing values are left out." if missing else ""
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption=f"{summary} A band around zero without shape is noise; a curve or a funnel "
            f"is left to learn.{left_out}",
            alt=summary,
        )


def _pairs(true: ArrayLike, predicted: ArrayLike) -> tuple[np.ndarray, np.ndarray, int]:
    """The finite pairs, and how many others there were."""
    target, guess = canvas.series(true), canvas.series(predicted)
    if len(target) != len(guess):
        raise ValueError(
            "`true` and `predicted` must have the same number of values. "
            f"Received: {len(target)} true and {len(guess)} predicted values."
        )
    known = np.isfinite(target) & np.isfinite(guess)
    return target[known], guess[known], len(target) - int(known.sum())


def _draw_cloud(axes: Axes, guess: np.ndarray, rest: np.ndarray) -> None:
    """Draws few points as they are, and many as a grid, darker where more of them lie."""
    if len(rest) <= _MOST_AS_POINTS:
        axes.scatter(guess, rest, s=16, color=canvas.TRAIN, linewidths=0, alpha=0.6)
        return
    counts, columns, rows = np.histogram2d(guess, rest, bins=(_edges(guess, 84), _edges(rest, 56)))
    image = np.empty((*counts.T.shape, 4))
    image[..., :3] = np.array([36, 87, 184]) / 255
    image[..., 3] = np.where(counts.T > 0, 0.25 + 0.75 * np.sqrt(counts.T / counts.max()), 0.0)
    extent = (columns[0], columns[-1], rows[0], rows[-1])
    axes.imshow(image, extent=extent, origin="lower", aspect="auto", interpolation="none")
    axes.margins(0.03)


def _draw_spread(axes: Axes, rest: np.ndarray) -> None:
    bins = min(25, max(3, int(np.sqrt(len(rest)))))
    counts, edges = np.histogram(rest, _edges(rest, bins))
    heights = np.diff(edges)
    axes.barh(edges[:-1], counts, heights, align="edge", color=canvas.TRAIN, alpha=0.45)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _edges(values: np.ndarray, count: int) -> np.ndarray:
    """Edges of `count` equal bins, also around values that are all the same, however large."""
    low, high = values.min(), values.max()
    biggest = max(abs(low), abs(high))
    room = max(0.0, 1e-6 * biggest - (high - low)) if biggest else 0.5
    return np.linspace(low - room, high + room, count + 1)
