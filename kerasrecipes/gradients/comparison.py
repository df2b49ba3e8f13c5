"""The comparison itself: analytic gradient against differences of one scalar cost."""

from __future__ import annotations

import math
import numbers
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops

from kerasrecipes.gradients.cost_function import CostFunction
from kerasrecipes.gradients.differences import (
    Differences,
    differences,
    extrapolated,
    on_kinks,
    points_nearby,
)
from kerasrecipes.gradients.perturbation import Coordinates, every_element, random_directions
from kerasrecipes.gradients.result import Element, GradientCheck, VariableCheck, judge

METHODS = ("exact", "directional", "auto")
EXACT_LIMIT = 5_000  # `auto` looks at every element up to this many
WORST = 10


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
    values = [np.asarray(ops.convert_to_numpy(value), dtype="float64") for value in values]
    names = _distinct(names)
    if method == "auto":
        method = "exact" if sum(v.size for v in values) <= EXACT_LIMIT else "directional"
    cost([ops.convert_to_tensor(value) for value in values])  # builds what the first call builds
    function = CostFunction(cost, [value.shape for value in values])
    measure = _measurement(function, method, seed)
    _require_finite(function, values, names)
    coordinates = measure(values)
    noise = function.rounding_noise(values, epsilon / 6, seed).deviation
    found = differences(coordinates, np.arange(len(coordinates.owner)), noise, epsilon)
    _require_finite_around(found)
    _require_float64(function, values, seed)
    found = extrapolated(coordinates, found, noise, epsilon)
    nearby = points_nearby(values, measure, epsilon)
    kinks = on_kinks(coordinates, nearby, found, noise, epsilon)
    settings = {"epsilon": float(epsilon), "method": method}
    seconds = time.perf_counter() - started
    return _result(coordinates, found, kinks, names, **settings, seconds=seconds)


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


def _measurement(
    function: CostFunction, method: str, seed: int
) -> Callable[[list[np.ndarray]], Coordinates]:
    """From a point to the coordinates there."""

    def measure(values: list[np.ndarray]) -> Coordinates:
        base, gradients, _ = function.value_and_gradients(values)
        if method == "exact":
            return every_element(function, values, base, gradients)
        return random_directions(function, values, base, gradients, seed)

    return measure


def _distinct(names: Sequence[str]) -> list[str]:
    counts: dict[str, int] = {}
    distinct = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        distinct.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return distinct


def _require_finite(function: CostFunction, values: list[np.ndarray], names: list[str]) -> None:
    base, gradients, _ = function.value_and_gradients(values)
    if not np.isfinite(base):
        raise ValueError(
            f"The cost must be finite to be differentiated. Received: cost={base}. "
            "Look for NaN or infinity in the data, or for a logarithm or a division in the cost."
        )
    for name, value, gradient in zip(names, values, gradients, strict=True):
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


def _require_float64(function: CostFunction, values: list[np.ndarray], seed: int) -> None:
    base, gradients, dtype = function.value_and_gradients(values)
    slope = sum(float(np.abs(gradient).sum()) for gradient in gradients)
    spacing = float(np.clip(1e-7 * abs(base) / max(slope, 1e-300), 1e-9, 1e-7))
    noise, short = function.rounding_noise(values, spacing, seed, quantile=0.25)
    size = sum(float(np.abs(g * v).sum()) for g, v in zip(gradients, values, strict=True))
    if short or dtype != "float64":
        noise = max(noise, float(np.finfo("float32").eps) * abs(base) / 2)
    if short or dtype != "float64" or noise > 1e-10 * max(abs(base) + size, 1e-12):
        raise ValueError(
            "The cost must be computed in float64, or rounding drowns the differences. "
            f"Received: a cost of {base:.4g}, {dtype}, with a rounding noise of {noise:.1g}. "
            "Some layer, loss or function casts to a lower precision: remove the cast."
        )


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
    **settings: Any,
) -> GradientCheck:
    def element(place: int) -> Element:
        return Element(
            names[coordinates.owner[place]],
            coordinates.indices[place],
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
        **settings,
    )


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
