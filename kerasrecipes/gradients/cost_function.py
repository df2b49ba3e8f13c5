"""A scalar cost of a list of arrays, compiled once, with its gradient and its rounding error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes import backend

CHUNK = 1_024  # perturbed costs a compiled call


class CostFunction:
    """The cost that is checked, in its three compiled forms.

    Runs inside `backend.double_precision()`.

    Args:
        cost: Takes a list of float64 tensors, returns a scalar float64 tensor.
        shapes: Shapes of the tensors.
    """

    def __init__(self, cost: Callable[[list], Any], shapes: Sequence[tuple[int, ...]]) -> None:
        self._cost = backend.compiled(cost)
        self._both = backend.compiled(lambda tensors: backend.value_and_gradients(cost, tensors))
        self.after_steps = _compiled_steps(cost, shapes)

    def value(self, values: Sequence[np.ndarray]) -> float:
        """The cost."""
        return float(self._cost(_tensors(values)))

    def value_and_gradients(
        self, values: Sequence[np.ndarray]
    ) -> tuple[float, list[np.ndarray], str]:
        """The cost, what automatic differentiation says of each array, and the cost's dtype."""
        value, gradients = self._both(_tensors(values))
        arrays = [np.asarray(ops.convert_to_numpy(gradient)) for gradient in gradients]
        return float(value), arrays, keras.backend.standardize_dtype(value.dtype)

    def rounding_noise(
        self, values: Sequence[np.ndarray], base: float, spacing: float, seed: int
    ) -> float:
        """Standard deviation of the rounding error of the cost.

        Along a line of small steps the cost is a parabola, so third differences of its values
        hold nothing but rounding: their variance is 20 sigma^2 (Hamming's difference table; More
        and Wild 2011). Each line leaves to one side only, for there may be a kink where it starts.
        """
        generator = np.random.default_rng(seed)
        thirds: list[float] = []
        for _ in range(3):
            signs = [generator.choice([-1.0, 1.0], value.shape) for value in values]
            line = [
                self.value([v + k * spacing * s for v, s in zip(values, signs, strict=True)])
                for k in range(7)
            ]
            with np.errstate(invalid="ignore"):  # the cost may be infinite there
                thirds.extend(np.abs(np.diff(line, 3)))
        finite = np.compress(np.isfinite(thirds), thirds)
        measured = float(np.median(finite)) / np.sqrt(20) / 0.6745 if len(finite) else 0.0
        return max(measured, np.finfo(float).eps * abs(base) / 2, np.finfo(float).tiny)


def _tensors(values: Sequence[np.ndarray]) -> list[Any]:
    return [ops.convert_to_tensor(value, "float64") for value in values]


def _compiled_steps(cost: Callable, shapes: Sequence[tuple[int, ...]]) -> Callable:
    """`(flat, places, steps) -> costs`, one after each step along a single element."""
    sizes = [int(np.prod(shape)) for shape in shapes]
    ends = [int(end) for end in np.cumsum(sizes)]

    def cost_at(flat: Any, place: Any, step: Any) -> Any:
        moved = flat + step * ops.one_hot(place, ends[-1], dtype="float64")
        pieces = [moved[end - size : end] for end, size in zip(ends, sizes, strict=True)]
        return cost([ops.reshape(p, shape) for p, shape in zip(pieces, shapes, strict=True)])

    @backend.compiled
    def chunk(flat, places, steps):
        return ops.map(lambda item: cost_at(flat, item[0], item[1]), (places, steps))

    def evaluate(flat: np.ndarray, places: np.ndarray, steps: np.ndarray) -> np.ndarray:
        width = min(CHUNK, ends[-1])
        costs = []
        for start in range(0, len(places), width):
            here = np.resize(np.arange(start, min(start + width, len(places))), width)
            costs.append(
                ops.convert_to_numpy(chunk(flat, places[here].astype("int32"), steps[here]))
            )
        return np.concatenate([*costs, np.empty(0)])[: len(places)]

    return evaluate
