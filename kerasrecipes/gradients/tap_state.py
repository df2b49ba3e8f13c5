"""The state of a gradient tap in Keras variables, and the step that fills them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes import backend
from kerasrecipes.gradients import tap_measures as measures

MOST_LOOKS = 128  # between two readings
_NONE = -1
_NEXT, _COUNT, _BROKEN, _TABLE = range(4)  # places in the plan
_NAMES = ("steps", "plan", "notes")


class TapState:
    """What a tap knows inside a compiled step.

    Between two looks a step costs a comparison, a sum over a few small gradients, and conditions
    that hold nothing of the network for longer than the step itself does.

    Args:
        watched: The optimizer's trainable variables, in its order.

    Attributes:
        paths: Of the variables, each once.
        variables: Keras variables. `steps`: steps done. `plan`: the step of the next look, looks
            done, the first step that was not finite or -1, and the table of steps to look at,
            ended by -1. `notes`: for that first step `2 * watched` numbers, 1 for each gradient and
            each weight that was not finite; then `2 * watched` numbers for each look.
    """

    def __init__(self, watched: Sequence[keras.Variable]) -> None:
        self._watched = list(watched)
        self.paths = numbered([variable.path for variable in watched])
        self._groups = measures.groups([tuple(variable.shape) for variable in watched])
        self._step = _variable((), "int", "steps")
        self._plan = _variable((_TABLE + MOST_LOOKS + 1,), "int", "plan")
        self._notes = _variable((MOST_LOOKS + 2, 2 * len(watched)), "float32", "notes")
        self.variables = (self._step, self._plan, self._notes)

    def fits(self, watched: Sequence[keras.Variable]) -> bool:
        """Whether it was made for just these variables."""
        return list(map(id, watched)) == list(map(id, self._watched))

    def reset(self, looks: Sequence[int]) -> None:
        """Begins at step 0, to look at these steps."""
        self._step.assign(0)
        self._notes.assign(np.zeros(self._notes.shape, "float32"))
        self._set_plan(looks, _NONE)

    def plan(self, looks: Sequence[int]) -> None:
        """Forgets the looks, and sets the steps to look at next, at most 128."""
        self._set_plan(looks, ops.convert_to_numpy(self._plan)[_BROKEN])

    def _set_plan(self, looks: Sequence[int], broken: int) -> None:
        plan = np.full(self._plan.shape, _NONE)
        plan[_TABLE : _TABLE + len(looks)] = looks
        plan[:_TABLE] = plan[_TABLE], 0, broken
        self._plan.assign(plan)

    def get_state(self) -> dict[str, np.ndarray]:
        """Its variables as arrays of their own, by name."""
        return {
            name: np.array(ops.convert_to_numpy(variable))
            for name, variable in zip(_NAMES, self.variables, strict=True)
        }

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Goes on from what `get_state` returned, of as many watched variables."""
        shape = np.shape(state["notes"])
        if shape != tuple(self._notes.shape):
            raise ValueError(
                f"`state` must be that of a tap on {len(self._watched)} variables, as here. "
                f"Received: state of {shape[-1] // 2} variables. Build the model as it was when "
                "the state was saved."
            )
        for name, variable in zip(_NAMES, self.variables, strict=True):
            variable.assign(state[name])

    def watch(self, apply: Callable, grads: Any, trainable_variables: Any) -> Any:
        """One step, inside the compiled function."""
        gradients = self._aligned(grads, trainable_variables)
        checked = measures.checked_gradients(gradients)
        no_look = ops.not_equal(self._step, self._plan[_NEXT])
        is_finite = measures.is_finite(list(checked.values()))
        before = self._before(gradients, checked, no_look, is_finite)
        result = apply(self._kept_back(grads, gradients, before), trainable_variables)
        plan, notes = backend.mostly(
            ops.logical_and(no_look, is_finite),
            lambda: (ops.convert_to_tensor(self._plan), ops.convert_to_tensor(self._notes)),
            lambda: self._noted(ops.logical_not(no_look), before, checked),
        )
        self._plan.assign(plan)
        self._notes.assign(notes)
        self._step.assign_add(1)
        return result

    def _before(self, gradients: list, checked: dict, no_look: Any, is_finite: Any) -> list:
        """Of each group, what is measured before the step; zeros in most steps."""
        if len(self._groups) > 1:
            # The last gradient is there first: no group waits for what comes later on the way back.
            is_finite = measures.is_finite(list(checked.values())[-1:])
        is_quiet = ops.logical_and(no_look, is_finite)
        measured = []
        for group in self._groups:
            zeros = functools.partial(ops.zeros, (group.size,), "float32")
            measure = functools.partial(self._measured, group, gradients, no_look, is_finite, zeros)
            measured.append(backend.mostly(is_quiet, zeros, measure))
        return measured

    def _measured(
        self, group: measures.Group, gradients: list, no_look: Any, is_finite: Any, zeros: Callable
    ) -> Any:
        own = gradients[group.places.start : group.places.stop], self._of(group)
        # Once something was not finite, all later steps are alike, and are not asked for more.
        is_first = ops.logical_and(self._plan[_BROKEN] < 0, ops.logical_not(is_finite))
        return ops.cond(
            ops.logical_and(no_look, ops.logical_not(is_first)),
            zeros,
            lambda: measures.measure_before(*own, group.elements, is_first),
        )

    def _of(self, group: measures.Group) -> list:
        return self._watched[group.places.start : group.places.stop]

    def _kept_back(self, grads: Any, gradients: list, before: list) -> list:
        """The gradients as they came, each for use after its group has been looked at."""
        kept = {
            id(gradients[place]): backend.kept_until(gradients[place], values)
            for group, values in zip(self._groups, before, strict=True)
            for place in group.places
            if gradients[place] is not None
        }
        return [kept.get(id(grad), grad) for grad in grads]

    def _noted(self, look: Any, before: list, checked: dict) -> tuple[Any, Any]:
        """Plan and notes after a step that was looked at, or that was not finite."""
        parts: list[list[Any]] = [[], [], [], []]
        for group, values in zip(self._groups, before, strict=True):
            count = len(group.places)
            new = measures.samples(self._of(group), group.elements)
            parts[0].append(values[:count])
            parts[1].append(measures.update_ratios(values[3 * count :], new, group.elements))
            parts[2].append(values[count : 2 * count])
            parts[3].append(values[2 * count : 3 * count])
        norms, ratios, gradients, weights = map(ops.concatenate, parts)
        gradients = ops.maximum(gradients, self._broken_gradients(checked))
        flags = ops.concatenate([gradients, weights])
        is_first = ops.logical_and(self._plan[_BROKEN] < 0, ops.max(flags) > 0)
        line = np.arange(MOST_LOOKS + 2)[:, None]
        notes = ops.convert_to_tensor(self._notes)
        here = ops.logical_and(look, ops.equal(line, self._plan[_COUNT] + 1))
        notes = ops.where(here, ops.concatenate([norms, ratios])[None], notes)
        notes = ops.where(ops.logical_and(is_first, line == 0), flags[None], notes)
        return self._next_plan(look, is_first), notes

    def _broken_gradients(self, checked: dict) -> Any:
        """1 for each gradient that is checked in every step and is not finite, else 0."""
        whole = [
            measures.not_finite(ops.sum(checked[place])) if place in checked else ops.zeros(())
            for place in range(len(self.paths))
        ]
        return ops.stack(whole)

    def _next_plan(self, look: Any, is_first: Any) -> Any:
        plan = ops.convert_to_tensor(self._plan)
        count = plan[_COUNT] + ops.cast(look, plan.dtype)
        first = ops.where(is_first, ops.cast(self._step, plan.dtype), plan[_BROKEN])
        head = ops.stack([ops.take(plan, _TABLE + count), count, first])
        return ops.concatenate([head, plan[_TABLE:]])

    def _aligned(self, grads: Any, trainable_variables: Any) -> list:
        """The gradient of each watched variable, None where there is none."""
        variables = self._watched if trainable_variables is None else trainable_variables
        known = {id(variable): grad for variable, grad in zip(variables, grads, strict=False)}
        return [known.get(id(variable)) for variable in self._watched]

    def seen(self) -> tuple[list[int], np.ndarray, int]:
        """Looks since the last plan, their rows, and the steps done."""
        plan = ops.convert_to_numpy(self._plan)
        count = int(plan[_COUNT])
        looks = plan[_TABLE : _TABLE + count].tolist()
        rows = ops.convert_to_numpy(self._notes)[1 : count + 1].copy()
        return looks, rows, int(ops.convert_to_numpy(self._step))

    def not_finite(self) -> tuple[int, str] | None:
        """The first step with a gradient or weight that was not finite, and the path."""
        step = int(ops.convert_to_numpy(self._plan)[_BROKEN])
        if step < 0:
            return None
        gradients, weights = np.split(ops.convert_to_numpy(self._notes)[0] > 0, 2)
        if weights.any():  # the step before gave them
            return max(step - 1, 0), self._last(weights)
        return step, self._last(gradients)

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


def numbered(paths: Sequence[str]) -> list[str]:
    """The paths, repeated ones numbered."""
    unique: list[str] = []
    for path in paths:
        candidates = itertools.chain([path], (f"{path}_{i}" for i in itertools.count(1)))
        unique.append(next(each for each in candidates if each not in unique))
    return unique
