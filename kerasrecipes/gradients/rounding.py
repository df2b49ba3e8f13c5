"""How a cost is rounded, measured from its own values."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from kerasrecipes.gradients.cost_function import Point

LINES, POINTS = 9, 7
POINTS_OF_LARGE = 5  # on one line: every cost of a large model counts


class Rounding(NamedTuple):
    """The rounding error of a cost.

    Attributes:
        deviation: Its standard deviation.
        least: The same from the smaller of the differences: no kink and no bend is in these.
        short: Whether all costs were float32 numbers.
    """

    deviation: float
    least: float
    short: bool


def rounding(point: Point, spacing: float, seed: int) -> Rounding:
    """Measures the rounding error of a cost around a point.

    Along a line of small steps the cost is a parabola, so third differences of its values hold
    nothing but rounding: their variance is 20 sigma^2 (Hamming's difference table; More and Wild
    2011). Each line leaves to one side only, for there may be a kink where it starts; a quantile
    leaves the kinks on the way out. Of a large cost, one line of the first variable must do.

    Args:
        point: Where.
        spacing: Step of the line, in the unit of the variables.
        seed: Of the lines' directions.
    """
    generator = np.random.default_rng(seed)
    if point.function.is_large:
        costs = np.stack([_line_of_first(point, spacing, generator)])
    else:
        costs = np.stack([_line_of_all(point, spacing, generator) for _ in range(LINES)])
    with np.errstate(invalid="ignore"):  # the cost may be infinite there
        thirds = np.abs(np.diff(costs, 3)).ravel()
    thirds = np.append(thirds[np.isfinite(thirds)], 0.0)
    floor = max(np.finfo(float).eps * abs(point.cost) / 2, np.finfo(float).tiny)
    typical, least = (max(floor, _deviation(thirds, quantile)) for quantile in (0.5, 0.25))
    return Rounding(typical, least, _is_short(costs))


def _deviation(thirds: np.ndarray, quantile: float) -> float:
    """Of the costs, from a quantile of the sizes of their third differences."""
    typical = float(np.quantile(thirds, quantile)) / NormalDist().inv_cdf((1 + quantile) / 2)
    return typical / math.sqrt(20)


def _line_of_all(point: Point, spacing: float, generator: np.random.Generator) -> np.ndarray:
    signs = generator.choice([-1.0, 1.0], sum(point.function.sizes))
    ends = np.cumsum(point.function.sizes)[:-1]
    directions = [
        part.reshape(shape)
        for part, shape in zip(np.split(signs, ends), point.function.shapes, strict=True)
    ]
    return point.along_all(directions, spacing * np.arange(POINTS))


def _line_of_first(point: Point, spacing: float, generator: np.random.Generator) -> np.ndarray:
    """With steps so short that no kink is met: the cost moves by a thousand of its own digits."""
    slope = float(point.norms[0])
    if slope > 0:
        spacing = min(spacing, 1_000 * np.finfo(float).eps * max(abs(point.cost), 1e-3) / slope)
    direction = _signs(point.function.shapes[0], generator)
    costs = point.along(0, direction, spacing * np.arange(1, POINTS_OF_LARGE))
    return np.array([point.cost, *costs])


def _signs(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    return generator.integers(0, 2, shape, dtype="int8") * 2.0 - 1.0


def _is_short(costs: np.ndarray) -> bool:
    """Whether all costs have the 24 bits of a float32, and not because they are round numbers."""
    bits = np.frexp(costs)[0] * 2.0**24
    return bool((bits == np.round(bits)).all() and (bits % 2**12 != 0).any())
