"""Two samples compared as a whole, to see what no single feature shows."""

import math

import numpy as np

MOST_ROWS = 1_000
FEWEST_PERMUTATIONS, MOST_PERMUTATIONS = 999, 9_999
BLOCK = 1_000


def joint_test(a: np.ndarray, b: np.ndarray, alpha: float, rng: np.random.Generator) -> float:
    """Tests two samples for any difference, changed correlations included.

    `statistic(K) = w' K w` with `w = 1 / n` for rows of `a` and `-1 / m` for rows of `b`, the
    squared maximum mean discrepancy, for four kernels K of the normal scores of the pooled ranks:
    minus the distance (energy distance), a wide and a narrow Gaussian, and the squared inner
    product (which compares the correlations). Each is measured in deviations of its values under
    random exchanges of rows, and the largest counts; so the p-value is exact for any data.

    Args:
        a: Array `(rows, features)`, finite. 1,000 rows at most, drawn by `rng`, are looked at.
        b: Array `(other rows, features)`, finite.
        alpha: Float in 0 to 1. There are enough exchanges to go below a tenth of it, up to 9,999.
        rng: Random generator; the same state gives the same p-value.

    Returns:
        Float above 0, at most 1. The p-value.

    Source: Gretton et al., "A kernel two-sample test", 2012; Szekely and Rizzo, "Testing for equal
    distributions in high dimension", 2004.

    Example:
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 1))
    >>> together = np.concatenate([x, x], axis=1)
    >>> joint_test(together, rng.normal(size=(200, 2)), 0.01, rng)
    0.001
    """
    a, b = (_sample(values, rng) for values in (a, b))
    scores = _normal_scores(np.concatenate([a, b]))
    if not scores.shape[1]:
        return 1.0
    exchanges = min(max(math.ceil(10 / alpha) - 1, FEWEST_PERMUTATIONS), MOST_PERMUTATIONS)
    weights = _weights(len(a), len(b), exchanges, rng)
    statistics = np.stack([_statistics(kernel, weights) for kernel in _kernels(scores)])
    spread = statistics.std(axis=1, keepdims=True)
    scaled = (statistics - statistics.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    largest = scaled.max(axis=0)
    return float(np.mean(largest >= largest[0] - 1e-9))


def _sample(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if len(values) <= MOST_ROWS:
        return values
    return values[rng.choice(len(values), MOST_ROWS, replace=False)]


def _normal_scores(pooled: np.ndarray) -> np.ndarray:
    """Returns the features that vary, as normal quantiles of their ranks; deviation 1."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    varying = pooled[:, (pooled != pooled[:1]).any(axis=0)]
    scores = ndtri((rankdata(varying, axis=0) - 0.5) / len(pooled))
    scores -= scores.mean(axis=0)
    return scores / scores.std(axis=0)


def _weights(n: int, m: int, exchanges: int, rng: np.random.Generator) -> np.ndarray:
    """Returns `(1 + exchanges, n + m)`: the samples as they are, then with rows exchanged."""
    observed = np.repeat([1 / n, -1 / m], [n, m]).astype("float32")
    shuffled = rng.permuted(np.tile(observed, (exchanges, 1)), axis=1)
    return np.concatenate([observed[None], shuffled])


def _kernels(scores: np.ndarray):
    inner = scores @ scores.T
    norms = np.diagonal(inner)
    squared = np.maximum(norms[:, None] + norms[None, :] - 2 * inner, 0)
    typical = np.median(squared[np.triu_indices_from(squared, 1)])
    yield -np.sqrt(squared)
    yield np.exp(-squared / max(typical, 1e-12))
    yield np.exp(-4 * squared / max(typical, 1e-12))
    yield (inner / scores.shape[1]) ** 2


def _statistics(kernel: np.ndarray, weights: np.ndarray) -> np.ndarray:
    np.fill_diagonal(kernel, 0)
    kernel -= kernel.mean(axis=0)  # changes nothing, as the weights add up to 0, but keeps digits
    kernel -= kernel.mean(axis=1, keepdims=True)
    small = kernel.astype("float32")
    starts = range(0, len(weights), BLOCK)
    blocks = (weights[start : start + BLOCK] for start in starts)
    return np.concatenate([np.einsum("ij,ij->i", w @ small, w) for w in blocks]).astype("float64")
