"""Where the cost is differenced: along every element, or along random directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from kerasrecipes.gradients.cost_function import CostFunction, flat

DIRECTIONS = 4


class Coordinates(NamedTuple):
    """Directions in the space of the weights, along which the cost is differenced.

    Attributes:
        owner: Number of the variable of each, shape `(coordinates,)`.
        indices: Place of each in its variable; `(k,)` for the k-th random direction.
        analytic: The gradient's component along each, shape `(coordinates,)`.
        base: The cost before any step.
        costs: `costs(places, step) -> (costs, steps)`: the cost after a step along each of the
            places, and the steps as they were rounded; both of shape `(places,)`.
    """

    owner: np.ndarray
    indices: list[tuple[int, ...]]
    analytic: np.ndarray
    base: float
    costs: Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray]]


def every_element(
    function: CostFunction,
    values: Sequence[np.ndarray],
    base: float,
    gradients: Sequence[np.ndarray],
) -> Coordinates:
    """One coordinate per element."""
    point = flat(values)

    def moved(places: np.ndarray, steps: np.ndarray) -> Iterator[np.ndarray]:
        for place, step in zip(places, steps, strict=True):
            there = point.copy()
            there[place] += step
            yield there

    def costs(places: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
        steps = (point[places] + step) - point[places]
        return function.costs(moved(places, steps)), steps

    return Coordinates(
        owner=np.repeat(np.arange(len(values)), [value.size for value in values]),
        indices=[index for value in values for index in np.ndindex(value.shape)],
        analytic=flat(gradients),
        base=base,
        costs=costs,
    )


def random_directions(
    function: CostFunction,
    values: Sequence[np.ndarray],
    base: float,
    gradients: Sequence[np.ndarray],
    seed: int,
) -> Coordinates:
    """`DIRECTIONS` standard normal directions per variable, drawn again when needed.

    An error `e` in a variable's gradient shows as `e . d`, which is normal with deviation `||e||`:
    all directions miss it, within a tolerance `t`, with probability `(0.8 t / ||e||)^DIRECTIONS`.
    """
    point = flat(values)
    ends = np.cumsum([value.size for value in values])

    def direction(place: int) -> np.ndarray:
        size = values[place // DIRECTIONS].size
        return np.random.default_rng([seed, place]).standard_normal(size)

    def moved(places: np.ndarray, step: float) -> Iterator[np.ndarray]:
        for place in places:
            along, end = direction(int(place)), ends[place // DIRECTIONS]
            there = point.copy()
            there[end - along.size : end] += step * along
            yield there

    def costs(places: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
        return function.costs(moved(places, step)), np.full(len(places), step)

    count = len(values) * DIRECTIONS
    components = [np.vdot(gradients[p // DIRECTIONS], direction(p)) for p in range(count)]
    return Coordinates(
        owner=np.arange(count) // DIRECTIONS,
        indices=[(place % DIRECTIONS,) for place in range(count)],
        analytic=np.array(components),
        base=base,
        costs=costs,
    )
