"""Where the cost is differenced: along every element, or along random directions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kerasrecipes.gradients.cost_function import Point

DIRECTIONS, DIRECTIONS_OF_LARGE = 4, 1  # per variable; one where each cost is dear
SEEN, SEEN_OF_LARGE = 1e-8, 1e-6  # of a gradient's norm: what rounding may hide of it
MOST_DENSE = 0.41  # sqrt(2 / 12): of a projection of the cube of deviation 1, by Ball's theorem


class Coordinates(NamedTuple):
    """Directions in the space of the weights, along which the cost is differenced.

    Attributes:
        single: Whether each is one element, and not a direction that moves many.
        owner: Number of the variable of each, shape `(coordinates,)`.
        place_of: From a coordinate's number to its place in its variable; `(k,)` for the k-th
            random direction.
        analytic: The gradient's component along each, shape `(coordinates,)`.
        norms: Euclidean norm of each variable's gradient, shape `(variables,)`.
        base: The cost before any step.
        costs: `costs(places, steps) -> (costs, taken)`: the cost after each of the steps along
            each of the places, and the steps as they were rounded; both of shape
            `(steps, places)`.
    """

    single: bool
    owner: np.ndarray
    place_of: Callable[[int], tuple[int, ...]]
    analytic: np.ndarray
    norms: np.ndarray
    base: float
    costs: Callable[[np.ndarray, npt.ArrayLike], tuple[np.ndarray, np.ndarray]]


def every_element(point: Point) -> Coordinates:
    """One coordinate per element."""
    sizes, shapes = point.function.sizes, point.function.shapes
    owner = np.repeat(np.arange(len(sizes)), sizes)
    starts = np.cumsum([0, *sizes])
    flat = np.concatenate([np.ravel(value) for value in point.values])

    def costs(places: np.ndarray, steps: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        moved = flat[places] + np.reshape(steps, (-1, 1))
        everywhere = np.broadcast_to(places, moved.shape).ravel()
        found = point.after_elements(everywhere, moved.ravel()).reshape(moved.shape)
        return found, moved - flat[places]

    def place_of(place: int) -> tuple[int, ...]:
        variable = int(owner[place])
        where = np.unravel_index(place - starts[variable], shapes[variable])
        return tuple(int(axis) for axis in where)

    analytic = np.concatenate([np.ravel(gradient) for gradient in point.gradients])
    return Coordinates(True, owner, place_of, analytic, point.norms, point.cost, costs)


def random_directions(point: Point, noise: float, epsilon: float, seed: int) -> Coordinates:
    """`DIRECTIONS` random directions per variable, drawn again when needed.

    Each component is uniform with deviation 1. An error `e` in a variable's gradient shows as
    `e . d`; by Ball's theorem on slices of the cube its density is at most `0.41 / ||e||`, so that
    one direction misses the error, within a tolerance `t`, with a probability of at most
    `0.82 t / ||e||` whatever the error looks like.

    A step along a direction moves all elements at once, and with them many units across their
    kinks, while the slope it measures is larger than that of one element. So it is taken shorter
    than `epsilon` where rounding allows: as short as leaves `1e-8` of the gradient's norm to be
    seen, or `1e-6` where each cost is dear.

    Source: Ball, "Cube slicing in R^n", 1986.
    """
    sizes, shapes = point.function.sizes, point.function.shapes
    each = DIRECTIONS_OF_LARGE if point.function.is_large else DIRECTIONS
    norms = point.norms
    least = noise / (SEEN_OF_LARGE if point.function.is_large else SEEN)
    with np.errstate(divide="ignore"):
        shorter = np.minimum(1.0, least / norms / epsilon)

    def direction(place: int) -> np.ndarray:
        generator = np.random.default_rng([seed, place % each, place // each])
        return (generator.random(shapes[place // each]) - 0.5) * np.sqrt(12)

    def costs(places: np.ndarray, steps: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        taken = np.reshape(steps, (-1, 1)) * shorter[places // each]
        found = [
            point.along(place // each, direction(place), along)
            for place, along in zip(places.tolist(), taken.T, strict=True)
        ]
        return np.reshape(found, taken.T.shape).T, taken

    count = len(sizes) * each
    components = [
        np.vdot(np.ravel(point.gradients[place // each]), np.ravel(direction(place)))
        for place in range(count)
    ]
    return Coordinates(
        single=False,
        owner=np.arange(count) // each,
        place_of=lambda place: (int(place) % each,),
        analytic=np.array(components),
        norms=norms,
        base=point.cost,
        costs=costs,
    )
