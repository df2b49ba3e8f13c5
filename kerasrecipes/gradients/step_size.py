"""Whether the step of the differences suits a variable, and which step would."""

from __future__ import annotations

import numpy as np

from kerasrecipes.gradients.perturbation import Coordinates

STEPS = 10.0 ** np.arange(-12, 1)
MUCH = 10.0  # a step is only called wrong if another one is so many times more exact
NEGLIGIBLE = 1e-7  # relative error that no step need mend: the course's `great`
PROBES = 3


def better_epsilon(
    coordinates: Coordinates, places: np.ndarray, noise: float, epsilon: float
) -> float | None:
    """The step that measures some coordinates best, if `epsilon` is much worse.

    The relative error of a central difference has two parts: rounding, which falls with the step,
    and the cost's own bend, which rises with its square.

    ```
    error(h) = noise / (sqrt(2) h |g|) + |central(h) - g| / |g|, the second where it is more than
               rounding explains
    ```

    Both are measured, along the coordinates of largest gradient, at steps from 1e-12 to 1. Of the
    steps that are about as good as the best one the smallest is taken: it meets fewer kinks.

    Args:
        coordinates: All of them.
        places: Numbers of those of one variable.
        noise: Deviation of the rounding error of the cost.
        epsilon: The step in use.

    Returns:
        A power of ten, or None: `epsilon` is good enough, or the gradient is too small to tell, or
        wrong.

    Source: Press et al., "Numerical Recipes", section 5.7 ("Numerical derivatives").
    """
    gradients = np.abs(coordinates.analytic[places])
    typical = float(np.sqrt(np.mean(gradients**2)))
    if typical <= noise:  # not even a step of 1 would tell it from 0
        return None
    probes = places[np.argsort(-gradients, kind="stable")[:PROBES]]
    probes = probes[np.abs(coordinates.analytic[probes]) > 0]
    steps = np.unique([*STEPS, epsilon])
    bend = _bend(coordinates, probes, noise, steps)
    total = bend + noise / (np.sqrt(2) * steps * typical)
    now, best = float(total[steps == epsilon][0]), float(total.min())
    if now <= max(NEGLIGIBLE, MUCH * best) or best > 0.01:
        return None
    return float(steps[np.flatnonzero(total <= 2 * best)[0]])


def _bend(
    coordinates: Coordinates, probes: np.ndarray, noise: float, steps: np.ndarray
) -> np.ndarray:
    """The relative error of the central differences beyond what rounding explains, `(steps,)`."""
    both = np.concatenate([steps, -steps])
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        costs, taken = coordinates.costs(probes, both)
        span = taken[: len(steps)] - taken[len(steps) :]
        central = (costs[: len(steps)] - costs[len(steps) :]) / span
        off = np.abs(central - coordinates.analytic[probes])
        explained = 4 * noise / np.abs(span)
        relative = np.where(off > explained, off, 0.0) / np.abs(coordinates.analytic[probes])
    return np.nan_to_num(relative, nan=np.inf, posinf=np.inf).max(axis=1)
