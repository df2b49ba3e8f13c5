"""A scalar cost of a list of arrays, compiled once, with its gradient and its rounding error."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from kerasrecipes import backend

POINTS = 64  # evaluated by one call of the compiled cost
ELEMENTS = 4_000_000  # of all points of one call, at most


class CostFunction:
    """The cost that is checked, compiled.

    Runs inside `backend.double_precision()`. A point is one flat array of all values.

    Args:
        cost: Takes a list of float64 tensors, returns a scalar float64 tensor.
        shapes: Shapes of the tensors.
    """

    def __init__(self, cost: Callable[[list], Any], shapes: Sequence[tuple[int, ...]]) -> None:
        sizes = [int(np.prod(shape)) for shape in shapes]
        self._ends = [int(end) for end in np.cumsum(sizes)]
        self._width = max(1, min(POINTS, ELEMENTS // max(1, self._ends[-1])))

        def cost_at(point: Any) -> Any:
            pieces = [point[end - size : end] for end, size in zip(self._ends, sizes, strict=True)]
            return cost([ops.reshape(p, shape) for p, shape in zip(pieces, shapes, strict=True)])

        self._costs = backend.compiled(lambda points: ops.map(cost_at, points))
        self._both = backend.compiled(lambda tensors: backend.value_and_gradients(cost, tensors))

    def costs(self, points: Iterable[np.ndarray]) -> np.ndarray:
        """The cost at each point."""
        points, found = iter(points), [np.empty(0)]
        while rows := list(itertools.islice(points, self._width)):
            padded = np.stack(rows + rows[-1:] * (self._width - len(rows)))
            costs = self._costs(ops.convert_to_tensor(padded, "float64"))
            found.append(ops.convert_to_numpy(costs)[: len(rows)])
        return np.concatenate(found)

    def value_and_gradients(
        self, values: Sequence[np.ndarray]
    ) -> tuple[float, list[np.ndarray], str]:
        """The cost, what automatic differentiation says of each array, and the cost's dtype."""
        tensors = [ops.convert_to_tensor(value, "float64") for value in values]
        value, gradients = self._both(tensors)
        arrays = [np.asarray(ops.convert_to_numpy(gradient)) for gradient in gradients]
        return float(value), arrays, keras.backend.standardize_dtype(value.dtype)

    def rounding_noise(
        self, values: Sequence[np.ndarray], spacing: float, seed: int, quantile: float = 0.5
    ) -> Noise:
        """How the cost is rounded.

        Along a line of small steps the cost is a parabola, so third differences of its values
        hold nothing but rounding: their variance is 20 sigma^2 (Hamming's difference table; More
        and Wild 2011). Each line leaves to one side only, for there may be a kink where it starts;
        a quantile leaves the kinks on the way out.
        """
        point, generator = flat(values), np.random.default_rng(seed)
        lines = [
            [point + k * spacing * signs for k in range(7)]
            for signs in generator.choice([-1.0, 1.0], (9, point.size))
        ]
        costs = self.costs(itertools.chain(*lines)).reshape(9, 7)
        with np.errstate(invalid="ignore"):  # the cost may be infinite there
            thirds = np.abs(np.diff(costs, 3)).ravel()
        size = float(np.quantile([*thirds[np.isfinite(thirds)], 0.0], quantile))
        measured = size / math.sqrt(20) / NormalDist().inv_cdf((1 + quantile) / 2)
        least = max(np.finfo(float).eps * abs(float(costs[0, 0])) / 2, np.finfo(float).tiny)
        return Noise(max(measured, least), _is_short(costs))


class Noise(NamedTuple):
    """The standard deviation of the rounding error of a cost, and whether it was a float32."""

    deviation: float
    short: bool


def _is_short(costs: np.ndarray) -> bool:
    """Whether all costs have the 24 bits of a float32, and not because they are round numbers."""
    bits = np.frexp(costs)[0] * 2.0**24
    return bool((bits == np.round(bits)).all() and (bits % 2**12 != 0).any())


def flat(values: Sequence[np.ndarray]) -> np.ndarray:
    """All values in one array."""
    return np.concatenate([np.ravel(value) for value in values])
