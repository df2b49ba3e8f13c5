"""Figures of the learning rate: the search for a good one, and what was used by epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from kerasrecipes.report.content import Figure
from kerasrecipes.report.figures import canvas


def learning_rate_finder(
    rates: ArrayLike,
    costs: ArrayLike,
    smoothed: ArrayLike | None = None,
    suggestion: float | None = None,
    *,
    name: str = "learning-rate-finder",
) -> Figure:
    """Draws the cost against the learning rate, as it was raised batch by batch.

    Costs far above where the curve starts, where training diverges, are cut off: they would
    press the part that decides into a line.

    Args:
        rates: Learning rates > 0, one a batch.
        costs: The cost of each batch.
        smoothed: The averaged cost of each batch, if there is one.
        suggestion: The rate to use > 0, or None if none was found.
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Raises:
        ValueError: If the series differ in length.

    Example:
    >>> learning_rate_finder([1e-4, 1e-3, 1e-2], [1.0, 0.7, 2.0], suggestion=1e-3).alt
    'Cost against learning rate from 10⁻⁴ to 0.01; suggested rate 0.001.'
    """
    x, raw, line = _batches(rates, costs, smoothed)
    if not x.size:
        return canvas.nothing_to_show(name, "no rate was tried.")
    rate = suggestion if suggestion and math.isfinite(suggestion) and suggestion > 0 else None
    advice = f"suggested rate {canvas.short(rate)}" if rate else "no rate suggested"
    with canvas.drawing() as sheet:
        axes = sheet.add_subplot(xlabel="learning rate, log scale", ylabel="cost")
        if smoothed is not None:
            canvas.line(axes, x, raw, canvas.FAINT)
        canvas.line(axes, x, line, canvas.TRAIN)
        canvas.make_log(axes.xaxis)
        axes.set_ylim(*_window(line))
        if rate:
            axes.axvline(rate, color=canvas.DEV, linewidth=1.4, linestyle="--")
        axes.set_title(advice, color=canvas.DEV if rate else canvas.SOFT)
        pale = "" if smoothed is None else "; pale, before averaging"
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption=f"Learning-rate finder: the cost while the rate rises batch by batch{pale}. "
            "A good rate lies where the cost falls steeply, well before it climbs.",
            alt=f"Cost against learning rate from {canvas.short(x.min())} to "
            f"{canvas.short(x.max())}; {advice}.",
        )


def learning_rate_curve(
    rates: ArrayLike, *, name: str = "learning-rate", nudges: Sequence[float] = ()
) -> Figure:
    """Draws the learning rate of each epoch.

    Args:
        rates: Learning rates, one an epoch; logarithmic if they span more than a factor of 30.
        name: Name of the figure in its page.
        nudges: Where settings were changed by hand, in epochs; a line each.

    Returns:
        The `Figure`.

    Example:
    >>> learning_rate_curve([0.1, 0.05, 0.025]).alt
    'Learning rate by epoch, from 0.1 to 0.025 over 3 epochs.'
    """
    values = canvas.series(rates)
    known = values[np.isfinite(values)]
    if not known.size:
        return canvas.nothing_to_show(name, "no learning rate was recorded.")
    with canvas.drawing(height=2.6) as sheet:
        axes = sheet.add_subplot(xlabel="epoch")
        epochs = np.arange(1, len(values) + 1)
        canvas.line(axes, epochs, values, canvas.TRAIN, dots=len(values) <= 20)
        canvas.nudges(axes, nudges)
        log = canvas.log_where_wide(axes.yaxis, values)
        axes.set_ylabel("learning rate, log scale" if log else "learning rate")
        canvas.limits(axes, len(values))
        canvas.whole_ticks(axes.xaxis)
        if not log and known.min() >= 0:
            axes.set_ylim(0, (1.12 * known.max()) or 1)
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption="The learning rate of each epoch."
            + (" Upright lines: nudges by hand." if len(nudges) else ""),
            alt=f"Learning rate by epoch, from {canvas.short(known[0])} to "
            f"{canvas.short(known[-1])} over {len(values)} epochs.",
        )


def _batches(
    rates: ArrayLike, costs: ArrayLike, smoothed: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rates, costs and the line to draw, of the batches that have both a rate and a cost."""
    x, raw = canvas.series(rates), canvas.series(costs)
    line = canvas.series(smoothed) if smoothed is not None else raw
    if not len(x) == len(raw) == len(line):
        raise ValueError(
            "`rates`, `costs` and `smoothed` must have one value for each batch. "
            f"Received: {len(x)} rates, {len(raw)} costs and {len(line)} smoothed costs."
        )
    keep = (x > 0) & np.isfinite(line)
    return x[keep], raw[keep], line[keep]


def _window(line: np.ndarray) -> tuple[float, float]:
    """The part of the cost axis worth showing: from the lowest cost to a bit above the first."""
    low, start, high = float(line.min()), float(line[0]), float(line.max())
    fall = start - low
    top = min(high, start + 0.5 * fall) if fall > 0 else high
    room = 0.08 * ((top - low) or abs(low) or 1.0)
    return low - room, top + room
