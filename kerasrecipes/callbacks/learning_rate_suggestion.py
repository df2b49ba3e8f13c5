"""What a range test says: from rates and costs to a learning rate, or the reason for none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kerasrecipes.averages import exponentially_weighted_average

MIN_STEPS = 10
_NOISES = 7.0  # a fall this many deviations of the smoothed cost is not chance
_MARGIN = 5.0
_PLATEAU = 0.1


class Suggestion(NamedTuple):
    """A learning rate with the reason for it, or `None` with the reason for that."""

    rate: float | None
    reason: str
    smoothed: np.ndarray


def suggest_learning_rate(
    rates: Sequence[float], costs: Sequence[float], smoothing: float = 0.8
) -> Suggestion:
    """The rate at which the smoothed cost falls fastest, at a safe distance from divergence.

    ```
    noise = 1.4826 median |differences of costs| / sqrt(2)
    steepest = argmin d smoothed / d log(rate)    # after 10% of the fall, before the lowest cost
    rate = min(steepest, lowest / (5 (r_2 / r_1)^2))
    ```

    The smoothed cost is the mean of the averages from the left and from the right, so that it
    does not lag behind. Costs above the start are cut off, or the divergence at the end would
    drown the rest. The distance from the lowest cost grows with the coarseness of the test,
    because a rate that lasts a single step has had no time to diverge. A fall counts if it
    exceeds 7 deviations of the smoothed cost.

    Args:
        rates: Learning rates, growing geometrically.
        costs: The cost of the batch at each; the last may be infinite or NaN.
        smoothing: Float in [0, 1), weight of the past in the averages. Defaults to `0.8`.

    Returns:
        A `Suggestion`: rate or `None`, the reason, and the smoothed cost of the finite steps.

    Example:
        >>> rates = np.geomspace(1e-5, 10, 61)
        >>> costs = 1 / (1 + rates / 0.01) + rates
        >>> found = suggest_learning_rate(rates, costs)
        >>> 0.003 < found.rate < 0.03
        True
        >>> suggest_learning_rate(rates, np.ones(61)).rate is None
        True

    Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017.
    """
    finite = np.isfinite(costs)
    count = len(costs) if finite.all() else int(np.argmin(finite))
    tried, values = np.asarray(rates[:count]), np.asarray(costs[:count], dtype="float64")
    if count < MIN_STEPS:
        reason = f"{count} steps with a finite cost are too few; it needs {MIN_STEPS} or more."
        return Suggestion(None, reason, values)
    start = float(np.median(values[: max(3, count // 10)]))
    noise = 1.4826 * float(np.median(np.abs(np.diff(values)))) / math.sqrt(2)
    smoothed = _smoothed(np.minimum(values, start + 4 * noise), smoothing)
    lowest = int(np.argmin(smoothed))
    fall = start - float(smoothed[lowest])
    floor = _NOISES * noise * math.sqrt((1 - smoothing) / (1 + smoothing))
    if lowest < 2 or not fall > max(floor, 1e-4 * abs(start)):
        reason = (
            f"the cost never falls by more than its noise: from {start:.4g} to "
            f"{smoothed[lowest]:.4g} at best, where {floor:.2g} could be chance."
        )
        return Suggestion(None, reason, smoothed)
    rate, reason = _rate(tried, smoothed, lowest, start - _PLATEAU * fall)
    return Suggestion(rate, reason, smoothed)


def _smoothed(costs: np.ndarray, smoothing: float) -> np.ndarray:
    forward = exponentially_weighted_average(costs, smoothing)
    backward = exponentially_weighted_average(costs[::-1], smoothing)[::-1]
    return (forward + backward) / 2


def _rate(
    rates: np.ndarray, smoothed: np.ndarray, lowest: int, plateau: float
) -> tuple[float, str]:
    slopes = _slopes(np.log(rates), smoothed)[: lowest + 1]
    on_plateau = np.nonzero(smoothed[: lowest + 1] >= plateau)[0]
    first = int(on_plateau[-1]) if len(on_plateau) else 0
    steepest = float(rates[first + int(np.argmin(slopes[first:]))])
    safe = float(rates[lowest] / (_MARGIN * (rates[1] / rates[0]) ** 2))
    if steepest <= safe:
        return steepest, f"the cost falls fastest at {steepest:.2g}."
    return safe, (
        f"a safe distance below {rates[lowest]:.2g}, where the cost is lowest; "
        f"it falls fastest at {steepest:.2g}."
    )


def _slopes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The slope at each point of the line fitted through its neighbours."""
    reach = max(2, len(x) // 12)
    windows = [slice(max(0, i - reach), i + reach + 1) for i in range(len(x))]
    return np.array([np.polyfit(x[window], y[window], 1)[0] for window in windows])
