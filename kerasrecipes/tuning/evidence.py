"""Scores as the surrogate sees them."""

import numpy as np

WORST = 2.0  # what a bad setting counts at most, in the spread of the better half


def standardise(scores: np.ndarray) -> np.ndarray:
    """Scores, smaller better, with the scale of the better half; what is worse is pressed together.

    `z = (score - median) / spread`; above 0 `min(log(1 + z), 2)`: by how much a bad setting is bad
    tells little about where the good ones are. NaN and infinities (failed trials) count as the
    worst of the others.

    Example:
    >>> standardise(np.array([1.0, 2.0, 3.0, 1e6, np.nan])).round(2)
    array([-1.4 , -0.73, -0.11,  1.12,  1.12])
    """
    finite = np.isfinite(scores)
    if not finite.any():
        return np.zeros(len(scores))
    median = np.median(scores[finite])
    better = scores[finite & (scores <= median)]
    spread = np.sqrt(np.mean((better - median) ** 2))
    if not spread > 0:
        spread = np.std(scores[finite]) or 1.0
    z = (np.where(finite, scores, np.max(scores[finite])) - median) / spread
    z = np.where(z > 0, np.minimum(np.log1p(np.maximum(z, 0)), WORST), z)
    return (z - z.mean()) / (z.std() or 1.0)


def most_telling(scores: np.ndarray, most: int) -> np.ndarray:
    """Which trials to learn from, in their order: all, or the best half of `most` and some others.

    The cost of learning grows with the cube of the trials. Running ones, whose score is NaN, stay.

    Args:
        scores: Array `(trials,)`, smaller better.
        most: Integer >= 2. Largest number of ended trials.

    Returns:
        Integer array.

    Example:
    >>> most_telling(np.array([5.0, 1.0, np.nan, 4.0, 3.0, 2.0, 6.0]), most=4).tolist()
    [1, 2, 4, 5, 6]
    """
    running = np.flatnonzero(np.isnan(scores))
    best_first = np.argsort(scores, kind="stable")[: len(scores) - len(running)]
    if len(best_first) <= most:
        return np.arange(len(scores))
    best, others = best_first[: most // 2], best_first[most // 2 :]
    spread = np.linspace(0, len(others) - 1, most - len(best)).round().astype(int)
    return np.sort(np.concatenate([best, others[spread], running]))
