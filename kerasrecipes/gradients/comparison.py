"""The comparison itself: analytic gradient against differences of one scalar cost."""

from __future__ import annotations

import dataclasses
import math
import numbers
import time
from collections.abc import Callable, Sequence
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
from kerasrecipes.gradients.result import GREAT, OK, Element, GradientCheck, VariableCheck, judge
from kerasrecipes.gradients.rounding import rounding
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
    values = [ops.convert_to_tensor(ops.convert_to_numpy(value), "float64") for value in values]
    names = _distinct(names)
    cost(values)  # builds what the first call builds
    function = CostFunction(cost, [tuple(value.shape) for value in values])
    if method == "auto":
        method = "exact" if sum(function.sizes) <= EXACT_LIMIT else "directional"

    def measure(point: Point) -> Coordinates:
        if method == "exact":
            return every_element(point)
        return random_directions(point, noise, epsilon, seed)

    here = function.at(values)
    _require_finite(here, names)
    noise = _require_float64(here, epsilon, seed)
    coordinates = measure(here)
    found = differences(coordinates, np.arange(len(coordinates.owner)), noise, epsilon)
    _require_finite_around(found)
    found = extrapolated(coordinates, found, noise, epsilon)
    if method == "directional":
        found = at_shorter_steps(coordinates, found, noise, epsilon)
    nearby = points_nearby(here, measure, epsilon)
    kinks = on_kinks(coordinates, nearby, found, noise, epsilon)
    result = _result(coordinates, found, kinks, names, float(epsilon), method)
    result = _with_better_steps(result, coordinates, noise, function.is_large)
    return dataclasses.replace(result, seconds=time.perf_counter() - started)


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


def _require_finite(here: Point, names: list[str]) -> None:
    if not np.isfinite(here.cost):
        raise ValueError(
            f"The cost must be finite to be differentiated. Received: cost={here.cost}. "
            "Look for NaN or infinity in the data, or for a logarithm or a division in the cost."
        )
    for name, value, gradient in zip(names, here.values, here.gradients, strict=True):
        if gradient.shape != value.shape:
            raise ValueError(
                f"The gradient of `{name}` must have its shape {value.shape}. Received: a gradient "
                f"of shape {gradient.shape}. Look for a transposition in a custom gradient."
            )
        if not np.isfinite(gradient).all():
            bad = int((~np.isfinite(gradient)).sum())
            raise ValueError(
                f"The gradient of `{name}` must be finite. Received: {bad} of {gradient.size} "
                "elements are NaN or infinite although the cost is finite. Look for a square "
                "root, a norm or a division at 0 in the layers that use it."
            )


def _require_float64(here: Point, epsilon: float, seed: int) -> float:
    """The rounding noise of the cost, once it is known for that of a float64."""
    noise, short = rounding(here, epsilon / 6, seed)
    least = noise
    if not here.function.is_large:
        slope = sum(float(np.abs(gradient).sum()) for gradient in here.gradients)
        spacing = float(np.clip(1e-7 * abs(here.cost) / max(slope, 1e-300), 1e-9, 1e-7))
        least, short = rounding(here, spacing, seed, quantile=0.25)
    pairs = zip(here.gradients, here.values, strict=True)
    size = sum(float(np.abs(g * v).sum()) for g, v in pairs)
    if short or here.dtype != "float64":
        least = max(least, float(np.finfo("float32").eps) * abs(here.cost) / 2)
    if short or here.dtype != "float64" or least > 1e-10 * max(abs(here.cost) + size, 1e-12):
        raise ValueError(
            "The cost must be computed in float64, or rounding drowns the differences. "
            f"Received: a cost of {here.cost:.4g}, {here.dtype}, with a rounding noise of "
            f"{least:.1g}. "
            "Some layer, loss or function casts to a lower precision: remove the cast."
        )
    return noise


def _require_finite_around(found: Differences) -> None:
    wrong = ~(np.isfinite(found.central) & np.isfinite(found.jump))
    if wrong.any():
        raise ValueError(
            "The cost must stay finite around the point of the check. Received: "
            f"infinite or NaN costs after a step along {int(wrong.sum())} of {len(wrong)} "
            "coordinates. Use a smaller `epsilon`, or check away from the edge of the cost's "
            "domain."
        )


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
    result: GradientCheck, coordinates: Coordinates, noise: float, is_large: bool
) -> GradientCheck:
    """Looks for a better step for each variable that passed without being measured well."""
    variables = dict(result.variables)
    worth = OK if is_large else GREAT  # of a large model each cost is dear
    for number, (name, row) in enumerate(result.variables.items()):
        if row.passed and max(row.distance, row.noise) >= worth:
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
