"""Differences of the cost along coordinates, and which of them lie on a kink."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from kerasrecipes.gradients.cost_function import Point
from kerasrecipes.gradients.perturbation import Coordinates

ROUNDING_SIGMAS = 8.0  # no honest coordinate of millions lies further out than this
TRUNCATION = 1e-6  # relative error granted to the central difference itself
SHORTER = (8, 64, 512)  # parts of the step that are tried along a direction ...
LEAST_SEEN = 1e-3  # ... while an error of this part of the gradient would still be seen


class Differences(NamedTuple):
    """The two gradients along some coordinates; each array of shape `(coordinates,)`.

    Attributes:
        analytic: What automatic differentiation says.
        central: The central difference of the cost.
        noise: Deviation of the rounding error of `central`.
        excess: The disagreement of the two in units of the tolerance; above 1 is too much.
        jump: How far the two one-sided differences are apart.
        bent: Whether they are further apart than rounding explains: a curve, or a kink.
    """

    analytic: np.ndarray
    central: np.ndarray
    noise: np.ndarray
    excess: np.ndarray
    jump: np.ndarray
    bent: np.ndarray


def differences(
    coordinates: Coordinates, places: np.ndarray, noise: float, epsilon: float
) -> Differences:
    """Compares the gradient with one-sided and central differences at some of the coordinates.

    Args:
        coordinates: All of them.
        places: Numbers of those to compare.
        noise: Deviation of the rounding error of the cost.
        epsilon: Step.

    Raises:
        ValueError: If the step vanishes against the values.
    """
    (up, down), (forward, backward) = coordinates.costs(places, (epsilon, -epsilon))
    _require_steps(forward, backward, epsilon)
    span, analytic = forward - backward, coordinates.analytic[places]
    with np.errstate(invalid="ignore"):  # a cost may be infinite there: never within tolerance
        central = (up - down) / span
        jump = np.abs((up - coordinates.base) / forward - (down - coordinates.base) / backward)
    deviation = np.sqrt(2) * noise / span
    excess, allowed = _excess(analytic, central, deviation)
    return Differences(analytic, central, deviation, excess, jump, jump > 4 * allowed)


def extrapolated(
    coordinates: Coordinates, found: Differences, noise: float, epsilon: float
) -> Differences:
    """The same, with the error of the central difference itself removed where it is in the way.

    A steep cost (large inputs, a large step) bends within one step. The central difference is off
    by a term in `epsilon^2`, which half a step tells (Richardson 1911):

    ```
    (4 central(epsilon / 2) - central(epsilon)) / 3
    ```
    """
    steep = np.flatnonzero(~(found.excess <= 1))
    half = differences(coordinates, steep, noise, epsilon / 2)
    with np.errstate(invalid="ignore"):
        central = (4 * half.central - found.central[steep]) / 3
    deviation = np.hypot(4 * half.noise, found.noise[steep]) / 3
    excess, _ = _excess(half.analytic, central, deviation)
    agree = excess <= 1
    arrays = {"central": central, "noise": deviation, "excess": excess}
    return found._replace(
        **{name: _put(getattr(found, name), steep[agree], a[agree]) for name, a in arrays.items()}
    )


def at_shorter_steps(
    coordinates: Coordinates,
    found: Differences,
    noise: float,
    epsilon: float,
    besides: np.ndarray | None = None,
) -> Differences:
    """The same, with shorter steps where the two gradients disagree.

    A direction moves many elements, and some units cross their kinks within one step; a cost may
    be steeper than a step can follow. What these add falls with the step, while a bug stays. The
    steps go down to 1/512, as long as rounding leaves a thousandth of the gradient to be seen.

    Args:
        coordinates: All of them.
        found: Their differences.
        noise: Deviation of the rounding error of the cost.
        epsilon: Step.
        besides: Which coordinates are left as they are, booleans of shape `(coordinates,)`.
    """
    wanted = np.ones(len(found.excess), dtype=bool) if besides is None else ~besides
    for divisor in SHORTER:
        places = np.flatnonzero(~(found.excess <= 1) & wanted)
        if not len(places):
            break
        closer = differences(coordinates, places, noise, epsilon / divisor)
        seen = ROUNDING_SIGMAS * closer.noise <= LEAST_SEEN * np.abs(closer.analytic)
        agree = (closer.excess <= 1) & seen
        arrays = {name: getattr(closer, name)[agree] for name in closer._fields}
        found = Differences(
            **{name: _put(getattr(found, name), places[agree], a) for name, a in arrays.items()}
        )
    return found


def on_kinks(
    coordinates: Coordinates,
    nearby: Iterator[Coordinates],
    found: Differences,
    noise: float,
    epsilon: float,
) -> np.ndarray:
    """Which coordinates lie on a kink of the cost, where no gradient is right or wrong.

    A ReLU, a maximum or an absolute value has a kink. Its two one-sided differences disagree, and
    by the same jump at every step, while the jump of a curve grows with the step. Where several
    kinks meet, the gradient of automatic differentiation may even lie outside of the two. So a
    coordinate that disagrees counts as on a kink only if it agrees at a point close by, where the
    kinks are passed: a bug disagrees there as well.

    Args:
        coordinates: All of them, at the point of the check.
        nearby: The same coordinates at points close by.
        found: Their differences at the point of the check.
        noise: Deviation of the rounding error of the cost.
        epsilon: Step.

    Returns:
        Booleans of shape `(coordinates,)`.
    """
    kinks = np.zeros(len(found.excess), dtype=bool)
    if coordinates.single:  # a direction is not on a kink because one of many elements is
        unclear = np.flatnonzero(found.bent & (found.excess <= 1))
        wider = differences(coordinates, unclear, noise, 2 * epsilon)
        kinks[unclear] = wider.jump < 1.5 * found.jump[unclear]
    suspects = np.flatnonzero(~(found.excess <= 1))
    for shifted in nearby if len(suspects) else ():
        there = differences(shifted, suspects, noise, epsilon)
        agrees = there.excess <= np.minimum(1, found.excess[suspects] / 2)
        kinks[suspects[agrees]] = True
        suspects = suspects[there.bent & ~agrees]  # on a kink again: look once more
        if not len(suspects):
            break
    return kinks


def points_nearby(
    here: Point, measure: Callable[[Point], Coordinates], epsilon: float
) -> Iterator[Coordinates]:
    """A few points that lie a thousand steps away in random directions."""
    generator = np.random.default_rng(0)
    for _ in range(4):
        away = [1_000 * epsilon * generator.standard_normal(v.shape) for v in here.values]
        moved = [value + step for value, step in zip(here.values, away, strict=True)]
        yield measure(here.function.at(moved))


def tolerance(analytic: np.ndarray, central: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """How far the two gradients may be apart: what rounding and truncation explain."""
    scale = np.maximum(np.abs(analytic), np.abs(central))
    return ROUNDING_SIGMAS * noise + TRUNCATION * scale


def _excess(
    analytic: np.ndarray, central: np.ndarray, deviation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    with np.errstate(invalid="ignore"):
        allowed = tolerance(analytic, central, deviation)
        return np.abs(analytic - central) / allowed, allowed


def _put(array: np.ndarray, places: np.ndarray, values: np.ndarray) -> np.ndarray:
    array = array.copy()
    array[places] = values
    return array


def _require_steps(forward: np.ndarray, backward: np.ndarray, epsilon: float) -> None:
    lost = int(((forward == 0) | (backward == 0)).sum())
    if lost:
        raise ValueError(
            f"`epsilon` must not vanish against the values it is added to. Received: "
            f"epsilon={epsilon:g}, lost in the rounding of {lost} of {len(forward)} values. "
            "Use a larger one, or bring the values to size 1."
        )
