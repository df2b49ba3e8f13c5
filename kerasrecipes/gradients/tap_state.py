"""The state of a gradient tap in Keras variables, and the step that fills them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.gradients import tap_measures as measures

MOST_LOOKS = 128  # between two readings
_NONE = -1


class TapState:
    """What a tap knows inside a compiled step.

    Args:
        watched: The optimizer's trainable variables, in its order.

    Attributes:
        paths: Of the variables, each once.
        variables: Keras variables: steps done, looks done, the table of steps to look at (ended by
            -1), a row of `2 * watched` numbers for each look, and `1 + 2 * watched` numbers on the
            first step that was not finite: its number or -1, then for gradients and for weights
            whether they were finite.
    """

    def __init__(self, watched: Sequence[keras.Variable]) -> None:
        self._watched = list(watched)
        self.paths = _unique([variable.path for variable in watched])
        shapes = [tuple(variable.shape) for variable in watched]
        self._elements = measures.sampled_elements(shapes)
        self._checked = measures.checked_gradients(shapes)
        count = len(shapes)
        self._step = _variable((), "int", "steps")
        self._count = _variable((), "int", "looks")
        self._table = _variable((MOST_LOOKS + 1,), "int", "table")
        self._rows = _variable((MOST_LOOKS + 1, 2 * count), "float32", "rows")
        self._found = _variable((1 + 2 * count,), "float32", "found")
        self.variables = (self._step, self._count, self._table, self._rows, self._found)

    def fits(self, watched: Sequence[keras.Variable]) -> bool:
        """Whether it was made for just these variables."""
        return list(map(id, watched)) == list(map(id, self._watched))

    def reset(self, looks: Sequence[int]) -> None:
        """Begins at step 0, to look at these steps."""
        self._step.assign(0)
        self._rows.assign(np.zeros(self._rows.shape, "float32"))
        self._found.assign(np.full(self._found.shape, _NONE, "float32"))
        self.plan(looks)

    def plan(self, looks: Sequence[int]) -> None:
        """Forgets the rows, and sets the steps to look at next, at most 128."""
        table = np.full(MOST_LOOKS + 1, _NONE)
        table[: len(looks)] = looks
        self._table.assign(table)
        self._count.assign(0)

    def watch(self, apply: Callable, grads: Any, trainable_variables: Any) -> Any:
        """One step, inside the compiled function."""
        gradients = self._aligned(grads, trainable_variables)
        look = ops.equal(self._step, ops.take(self._table, self._count))
        broken = ops.logical_and(self._found[0] < 0, measures.is_broken(gradients, self._checked))
        wanted = ops.logical_or(look, broken)
        size = 3 * len(self.paths) + sum(map(len, self._elements))
        before = ops.cond(
            wanted,
            lambda: measures.measure_before(gradients, self._watched, self._elements, broken),
            lambda: ops.zeros((size,), "float32"),
        )
        result = apply(grads, trainable_variables)
        rows, found = ops.cond(
            wanted,
            lambda: self._noted(before),
            lambda: (ops.convert_to_tensor(self._rows), ops.convert_to_tensor(self._found)),
        )
        self._rows.assign(rows)
        self._found.assign(found)
        self._count.assign_add(ops.cast(look, self._count.dtype))
        self._step.assign_add(1)
        return result

    def _aligned(self, grads: Any, trainable_variables: Any) -> list:
        """The gradient of each watched variable, None where there is none."""
        variables = self._watched if trainable_variables is None else trainable_variables
        known = {id(variable): grad for variable, grad in zip(variables, grads, strict=False)}
        return [known.get(id(variable)) for variable in self._watched]

    def _noted(self, before: Any) -> tuple[Any, Any]:
        """Rows and first find after a step that was looked at."""
        count = len(self.paths)
        norms, flags, old = before[:count], before[count : 3 * count], before[3 * count :]
        new = measures.samples(self._watched, self._elements)
        row = ops.concatenate([norms, measures.update_ratios(old, new, self._elements)])
        place = ops.equal(np.arange(MOST_LOOKS + 1)[:, None], self._count)
        rows = ops.where(place, row[None], ops.convert_to_tensor(self._rows))
        is_first = ops.logical_and(self._found[0] < 0, ops.min(flags) < 1)
        step = ops.reshape(ops.cast(self._step, "float32"), (1,))
        found = ops.convert_to_tensor(self._found)
        return rows, ops.where(is_first, ops.concatenate([step, flags]), found)

    def seen(self) -> tuple[list[int], np.ndarray, int]:
        """Looks since the last plan, their rows, and the steps done."""
        count = int(ops.convert_to_numpy(self._count))
        looks = ops.convert_to_numpy(self._table)[:count].tolist()
        rows = ops.convert_to_numpy(self._rows)[:count].copy()
        return looks, rows, int(ops.convert_to_numpy(self._step))

    def not_finite(self) -> tuple[int, str] | None:
        """The first step with a gradient or weight that was not finite, and the path."""
        step, *flags = ops.convert_to_numpy(self._found)
        if step < 0:
            return None
        gradients, weights = np.split(np.array(flags) < 1, 2)
        if weights.any():  # the step before gave them
            return max(int(step) - 1, 0), self._last(weights)
        return int(step), self._last(gradients)

    def broken_weights(self, steps: int) -> tuple[int, str] | None:
        """The same of the weights as they are now, after the last step."""
        finite = [np.isfinite(ops.convert_to_numpy(ops.sum(v * 0))) for v in self._watched]
        return None if all(finite) else (max(steps - 1, 0), self._last(~np.array(finite)))

    def _last(self, flags: np.ndarray) -> str:
        return self.paths[int(np.flatnonzero(flags)[-1])]


def _variable(shape: tuple[int, ...], dtype: str, name: str) -> keras.Variable:
    return keras.Variable(
        np.zeros(shape),
        dtype=dtype,
        trainable=False,
        name=f"tap_{name}",
        aggregation="only_first_replica",
    )


def _unique(paths: Sequence[str]) -> list[str]:
    """The paths, repeated ones numbered."""
    unique: list[str] = []
    for path in paths:
        candidates = itertools.chain([path], (f"{path}_{i}" for i in itertools.count(1)))
        unique.append(next(each for each in candidates if each not in unique))
    return unique
