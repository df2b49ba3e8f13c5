"""The comparison itself: analytic gradient against differences of one scalar cost."""

from __future__ import annotations

import dataclasses
import math
import numbers
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from keras import ops

from kerasrecipes.gradients.cost_function import CostFunction, Point
from kerasrecipes.gradients.differences import (
    Differences,
    at_shorter_steps,
    differences,
    extrapolated,
    on_kinks,
    points_nearby,
    tolerance,
)
from kerasrecipes.gradients.perturbation import (
    MOST_DENSE,
    Coordinates,
    every_element,
    random_directions,
)
from kerasrecipes.gradients.requirements import (
    noise_of_float64,
    require_finite,
    require_finite_around,
)
from kerasrecipes.gradients.result import GREAT, Element, GradientCheck, VariableCheck, judge
from kerasrecipes.gradients.step_size import better_epsilon

METHODS = ("exact", "directional", "auto")
EXACT_LIMIT = 10_000  # `auto` looks at every element up to this many
WORST = 10
ERROR_TO_SEE = 0.01  # of a gradient's norm: the error whose chance to pass is stated


def compare(
    cost: Callable[[list], Any],
    values: Sequence[Any],
    names: Sequence[str],
    *,
    epsilon: float,
    method: str,
    seed: int,
) -> GradientCheck:
    """Compares the gradient of `cost` at `values` with its differences.

    Runs inside `backend.double_precision()`.

    Args:
        cost: Takes a list of float64 tensors like `values`, returns a scalar float64 tensor.
        values: Where to check; one array per variable.
        names: One name per variable; a name that comes twice is numbered.
        epsilon: Step of the differences, > 0, in the variable's own unit.
        method: One of `METHODS`.
        seed: Of the random directions.

    Returns:
        The `GradientCheck`.

    Raises:
        ValueError: If the cost or its gradient is not finite, or not computed in float64.
    """
    started = time.perf_counter()
    values = [ops.copy(ops.convert_to_tensor(value, "float64")) for value in values]
    names = _distinct(names)
    cost(values)  # builds what the first call builds
    function = CostFunction(cost, [tuple(value.shape) for value in values])
    if method == "auto":
        method = "exact" if sum(function.sizes) <= EXACT_LIMIT else "directional"
    here = function.at(values)
    require_finite(here, names)
    noise = noise_of_float64(here, epsilon, seed)

    def measure(point: Point) -> Coordinates:
        if method == "exact":
            return every_element(point)
        return random_directions(point, noise, epsilon, seed)

    coordinates = measure(here)
    nearby = points_nearby(here, measure, epsilon)
    found, kinks, steep = _compared(coordinates, nearby, noise, epsilon)
    result = _result(coordinates, found, kinks, names, float(epsilon), method)
    if not function.is_large:  # there each cost is dear
        result = _with_better_steps(result, coordinates, noise, steep)
    return dataclasses.replace(result, seconds=time.perf_counter() - started)


def _compared(
    coordinates: Coordinates,
    nearby: Iterator[Coordinates],
    noise: float,
    epsilon: float,
) -> tuple[Differences, np.ndarray, np.ndarray]:
    """The differences, which of them are on kinks, and the variables that `epsilon` was long for.

    One element passes a kink or does not: what disagrees is first looked at from nearby. A
    direction passes many, and first takes shorter steps.
    """
    found = differences(coordinates, np.arange(len(coordinates.owner)), noise, epsilon)
    require_finite_around(found)
    steep = np.unique(coordinates.owner[~(found.excess <= 1)])
    found = extrapolated(coordinates, found, noise, epsilon)
    if not coordinates.single:
        found = at_shorter_steps(coordinates, found, noise, epsilon)
    kinks = on_kinks(coordinates, nearby, found, noise, epsilon)
    if coordinates.single:
        found = at_shorter_steps(coordinates, found, noise, epsilon, besides=kinks)
    return found, kinks, steep


def validate_step(epsilon: float, method: str) -> None:
    """Refuses a step or a method that no check can use."""
    if not (isinstance(epsilon, numbers.Real) and 0 < epsilon < math.inf):
        raise ValueError(
            f"`epsilon` must be a number > 0: it is the step of a difference. "
            f"Received: epsilon={epsilon!r}. 1e-7 suits weights of size 1."
        )
    if method not in METHODS:
        raise ValueError(
            f"`method` must be one of {', '.join(METHODS)}. Received: method={method!r}."
        )


def _distinct(names: Sequence[str]) -> list[str]:
    counts: dict[str, int] = {}
    distinct = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        distinct.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return distinct


def _result(
    coordinates: Coordinates,
    found: Differences,
    kinks: np.ndarray,
    names: Sequence[str],
    epsilon: float,
    method: str,
) -> GradientCheck:
    def element(place: int) -> Element:
        return Element(
            names[coordinates.owner[place]],
            coordinates.place_of(place),
            float(found.analytic[place]) + 0.0,  # 0, not -0
            float(found.central[place]) + 0.0,
            float(found.excess[place]),
        )

    smooth = np.flatnonzero(~kinks)
    worst = smooth[np.argsort(-found.excess[smooth], kind="stable")[:WORST]]
    variables = {
        name: _variable(found, kinks, coordinates.owner == number)
        for number, name in enumerate(names)
    }
    whole = _variable(found, kinks, np.ones_like(kinks))
    return GradientCheck(
        distance=whole.distance,
        verdict=whole.verdict,
        variables=variables,
        worst=tuple(element(int(place)) for place in worst),
        kinks=tuple(element(int(place)) for place in np.flatnonzero(kinks)),
        noise=whole.noise,
        passed=whole.passed,
        epsilon=epsilon,
        method=method,
        false_pass=_false_pass(coordinates, found, kinks) if method == "directional" else 0.0,
        seconds=0.0,
    )


def _false_pass(coordinates: Coordinates, found: Differences, kinks: np.ndarray) -> float:
    """The largest probability over the variables that all directions miss an error of 1 %."""
    largest = 0.0
    for variable, norm in enumerate(coordinates.norms):
        mine = (coordinates.owner == variable) & ~kinks
        if norm > 0:
            allowed = tolerance(found.analytic[mine], found.central[mine], found.noise[mine])
            missed = MOST_DENSE * 2 * allowed / (ERROR_TO_SEE * norm)
            largest = max(largest, float(np.minimum(1.0, missed).prod()))
    return largest


def _with_better_steps(
    result: GradientCheck, coordinates: Coordinates, noise: float, steep: np.ndarray
) -> GradientCheck:
    """Looks for a better step for each variable that passed without being measured well."""
    variables = dict(result.variables)
    for number, (name, row) in enumerate(result.variables.items()):
        badly = number in steep or max(row.distance, row.noise) >= GREAT
        if row.passed and badly:
            places = np.flatnonzero(coordinates.owner == number)
            better = better_epsilon(coordinates, places, noise, result.epsilon)
            variables[name] = dataclasses.replace(row, better_epsilon=better)
    return dataclasses.replace(result, variables=variables)


def _variable(found: Differences, kinks: np.ndarray, mine: np.ndarray) -> VariableCheck:
    kept = mine & ~kinks
    passed = bool((found.excess[kept] <= 1).all())
    distance, noise = _distance(found, kept)
    return VariableCheck(
        distance=distance,
        verdict=judge(distance, passed),
        noise=noise,
        passed=passed,
        checked=int(mine.sum()),
        kinks=int((mine & kinks).sum()),
    )


def _distance(found: Differences, kept: np.ndarray) -> tuple[float, float]:
    """The course's ratio, and the part of it that rounding alone explains."""
    analytic, central = found.analytic[kept], found.central[kept]
    size = float(np.linalg.norm(analytic) + np.linalg.norm(central))
    if size == 0:
        return 0.0, 0.0
    distance = float(np.linalg.norm(analytic - central)) / size
    return distance, min(1.0, float(np.linalg.norm(found.noise[kept])) / size)
