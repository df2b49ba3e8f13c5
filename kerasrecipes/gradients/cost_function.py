"""A scalar cost of a list of arrays, traced once, and its values around a point."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from kerasrecipes import backend
from kerasrecipes.gradients.traced import Traced

AT_ONCE = 128  # costs by one call of a compiled loop
WORTH_A_LOOP = 15_000  # operations saved, in all costs of a variable, by a loop of its own
LARGE = 1_000_000  # elements of all variables from which costs are evaluated one at a time
PARALLEL = 10  # costs at the same time below that


class CostFunction:
    """The cost that is checked, compiled.

    Runs inside `backend.double_precision()`. The cost is traced once. A variable's costs are then
    computed from the operations that depend on it alone, the rest being done once for each point:
    for the last layers of a network that is nearly all of the work.

    Args:
        cost: Takes a list of float64 tensors, returns a scalar float64 tensor.
        shapes: Shapes of the tensors.
    """

    def __init__(self, cost: Callable[[list], Any], shapes: Sequence[tuple[int, ...]]) -> None:
        self.shapes = [tuple(shape) for shape in shapes]
        self.sizes = [int(np.prod(shape)) for shape in shapes]
        self.is_large = sum(self.sizes) > LARGE
        self._traced = Traced(cost, self.shapes)

    def at(self, values: Sequence[Any]) -> Point:
        """The cost at and around a point, float64 arrays or tensors."""
        tensors = [ops.convert_to_tensor(value, "float64") for value in values]
        value, gradients = self._traced.value_and_gradients(tensors)
        arrays = [np.asarray(ops.convert_to_numpy(gradient)) for gradient in gradients]
        dtype = keras.backend.standardize_dtype(value.dtype)
        return Point(self, tensors, float(value), arrays, dtype)

    @functools.cached_property
    def everything(self) -> Parts:
        """All variables in one part."""
        return self._split([list(range(len(self.sizes)))])

    @functools.cached_property
    def each(self) -> Parts:
        """A part for each variable of a large cost; the one part for all of a small one."""
        if not self.is_large:
            return self.everything
        return self._split([[variable] for variable in range(len(self.sizes))])

    @functools.cached_property
    def apart(self) -> Parts:
        """The parts in which elements are moved: large variables alone, if that saves enough."""
        alone = [[variable] for variable in range(len(self.sizes))]
        _, suffixes = self._traced.split(alone)
        alone = [
            [variable]
            for variable, suffix in enumerate(suffixes)
            if suffix.saved * self.sizes[variable] > WORTH_A_LOOP
        ]
        others = [variable for variable in range(len(self.sizes)) if [variable] not in alone]
        return self._split([*alone, others] if others else alone) if alone else self.everything

    def _split(self, members: list[list[int]]) -> Parts:
        prefix, suffixes = self._traced.split(members)
        at_once = 1 if self.is_large else PARALLEL
        parts = [
            Part(number, variables, [self.shapes[v] for v in variables], suffix.function, at_once)
            for number, (variables, suffix) in enumerate(zip(members, suffixes, strict=True))
        ]
        return Parts(parts, prefix)


class Parts:
    """The variables in parts, and what is done once at a point for all of them.

    Attributes:
        prefix: From all variables to what each part keeps of them.
    """

    def __init__(self, parts: list[Part], prefix: Callable[[Sequence[Any]], list[list]]) -> None:
        self.parts, self.prefix = parts, prefix
        self._by_variable = {variable: part for part in parts for variable in part.variables}

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts)

    def of(self, variable: int) -> Part:
        """The part of a variable."""
        return self._by_variable[variable]


class Part:
    """Some of the variables, moved while the others stay.

    Args:
        number: Of the part, among all.
        variables: Their numbers.
        shapes: Their shapes.
        suffix: The cost from the moved variables and from what is kept.
        at_once: How many costs may be computed at the same time.
    """

    def __init__(
        self,
        number: int,
        variables: list[int],
        shapes: list[tuple[int, ...]],
        suffix: Callable,
        at_once: int,
    ) -> None:
        self.number, self.variables, self.suffix = number, variables, suffix
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes]).tolist()
        self.starts = [0, *ends[:-1]]

        def after_element(flat, place, value, kept):
            moved = ops.scatter_update(flat, ops.reshape(place, (1, 1)), ops.reshape(value, (1,)))
            pieces = [moved[start:end] for start, end in zip(self.starts, ends, strict=True)]
            pieces = [ops.reshape(p, shape) for p, shape in zip(pieces, shapes, strict=True)]
            return ops.cast(suffix(pieces, kept), "float64")

        def after_elements(flat, places, values, kept):
            return backend.mapped(
                lambda move: after_element(flat, move[0], move[1], kept), (places, values), at_once
            )

        self.after_elements = backend.compiled(after_elements)


class Point:
    """The cost at some values of the variables, and around them.

    Attributes:
        function: The cost.
        tensors: The variables there.
        cost: Its value there.
        gradients: What automatic differentiation says, one array per variable.
        dtype: Of the cost.
    """

    def __init__(
        self,
        function: CostFunction,
        tensors: list[Any],
        cost: float,
        gradients: list[np.ndarray],
        dtype: str,
    ) -> None:
        self.function, self.cost = function, cost
        self.gradients, self.dtype = gradients, dtype
        self.tensors = tensors
        self._ready: dict[Parts, list[_Ready]] = {}

    @functools.cached_property
    def values(self) -> list[np.ndarray]:
        """The variables there, float64 arrays."""
        return [ops.convert_to_numpy(tensor) for tensor in self.tensors]

    @functools.cached_property
    def norms(self) -> np.ndarray:
        """Euclidean norm of each variable's gradient, shape `(variables,)`."""
        return np.array([np.linalg.norm(gradient) for gradient in self.gradients])

    def after_elements(self, places: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The cost with one element changed, for each of some elements.

        Args:
            places: Where, counted through all variables, shape `(n,)`.
            values: What stands there instead, shape `(n,)`.
        """
        sizes = self.function.sizes
        owner = np.searchsorted(np.cumsum(sizes), places, side="right")
        found = np.empty(len(places))
        for part in self.function.apart:
            inside = np.zeros(len(sizes), dtype=int)  # from a place in all to one in the part
            inside[part.variables] = part.starts
            inside -= np.cumsum([0, *sizes[:-1]])
            mine = np.flatnonzero(np.isin(owner, part.variables))
            found[mine] = self._after(part, (places + inside[owner])[mine], values[mine])
        return found

    def _after(self, part: Part, places: np.ndarray, values: np.ndarray) -> np.ndarray:
        ready, found = self._at(self.function.apart, part), np.empty(len(places))
        for start in range(0, len(places), AT_ONCE):
            chunk = slice(start, start + AT_ONCE)
            costs = part.after_elements(
                ready.flat,
                ops.convert_to_tensor(np.resize(places[chunk], AT_ONCE).astype("int32")),
                ops.convert_to_tensor(np.resize(values[chunk], AT_ONCE), "float64"),
                ready.kept,
            )
            found[chunk] = ops.convert_to_numpy(costs)[: len(places[chunk])]
        return found

    def along(self, variable: int, direction: np.ndarray, steps: npt.ArrayLike) -> np.ndarray:
        """The cost after steps of a variable along a direction of its shape."""
        part = self.function.each.of(variable)
        directions = [
            direction if number == variable else np.zeros(self.function.shapes[number])
            for number in part.variables
        ]
        return self._line(self.function.each, part, directions, steps)

    def along_all(self, directions: Sequence[np.ndarray], steps: npt.ArrayLike) -> np.ndarray:
        """The cost after steps of all variables along directions of their shapes."""
        everything = self.function.everything
        return self._line(everything, everything.parts[0], directions, steps)

    def _line(
        self, parts: Parts, part: Part, directions: Sequence[Any], steps: npt.ArrayLike
    ) -> np.ndarray:
        ready = self._at(parts, part)
        values: Sequence[Any] = ready.tensors  # large ones the framework adds faster
        if not self.function.is_large:
            values = [self.values[variable] for variable in part.variables]
        else:
            directions = [ops.convert_to_tensor(direction) for direction in directions]
        costs = []
        for step in np.asarray(steps, "float64"):
            moved = [value + step * d for value, d in zip(values, directions, strict=True)]
            tensors = [ops.convert_to_tensor(value) for value in moved]
            costs.append(float(part.suffix(tensors, ready.kept)))
        return np.array(costs)

    def _at(self, parts: Parts, part: Part) -> _Ready:
        if parts not in self._ready:
            self._ready[parts] = [
                _Ready([self.tensors[variable] for variable in part.variables], kept)
                for part, kept in zip(parts, parts.prefix(self.tensors), strict=True)
            ]
        return self._ready[parts][part.number]


class _Ready:
    """What a part needs at a point: its variables, and what stays the same when they move."""

    def __init__(self, tensors: list[Any], kept: list[Any]) -> None:
        self.tensors, self.kept = tensors, kept

    @functools.cached_property
    def flat(self) -> Any:
        """All variables in one tensor."""
        return ops.concatenate([ops.ravel(tensor) for tensor in self.tensors])
