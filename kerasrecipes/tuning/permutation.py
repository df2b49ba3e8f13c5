"""What shuffling one hyperparameter among the trials costs a forest."""

from __future__ import annotations

import numpy as np

from kerasrecipes.tuning.forest import Forest

REPEATS = 10


def permutation_effects(
    forest: Forest, units: np.ndarray, targets: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The growth of the out-of-bag error over twice the variance, and its standard error.

    For an exact model `E[(f(x) - f(x'))^2] = 2 E[Var(f | all but x_i)]` if `x'` has another `x_i`:
    half the growth is the variance in which `x_i` has a part, alone or with others. Values are
    shuffled among the trials where the hyperparameter was active.

    Args:
        forest: Fit on `units` and `targets`.
        units: Array `(rows, dimensions)` in `[0, 1]`, NaN where not active.
        targets: Array `(rows,)`.
        rng: Generator of the permutations.

    Returns:
        Array `(dimensions, 2)`: effect >= 0 as a share of the variance, and its standard error over
        the trials.
    """
    mean, deviation = forest.scale
    standard = (targets - mean) / deviation
    filled = np.where(np.isnan(units), rng.random(units.shape), units)
    before = (standard - forest.out_of_bag(filled)) ** 2
    return np.array(
        [
            _effect(forest, filled, standard, before, i, ~np.isnan(units[:, i]), rng)
            for i in range(units.shape[1])
        ]
    )


def _effect(
    forest: Forest,
    units: np.ndarray,
    targets: np.ndarray,
    before: np.ndarray,
    dimension: int,
    active: np.ndarray,
    rng: np.random.Generator,
) -> tuple[float, float]:
    growth = np.zeros(len(targets))
    for _ in range(REPEATS):
        shuffled = units.copy()
        shuffled[active, dimension] = rng.permutation(units[active, dimension])
        growth += ((targets - forest.out_of_bag(shuffled)) ** 2 - before) / 2 / REPEATS
    error = growth.std(ddof=1) / np.sqrt(len(growth))
    return max(0.0, float(growth.mean())), float(error)
