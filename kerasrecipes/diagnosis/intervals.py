"""How sure an error is: Wilson's interval for shares, the bootstrap for everything else."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution
RESAMPLES = 1_000
MOST_EXAMPLES = 1e100  # whose square is a float


class ErrorEstimate(NamedTuple):
    """An error with its 95 % interval.

    Attributes:
        error: The mean error of the examples, >= 0.
        low: Lower end of the 95 % interval.
        high: Upper end.
        examples: How many examples it was measured on.
        kind: `"share"` of examples that are wrong (Wilson), or `"mean"` (bootstrap).
    """

    error: float
    low: float
    high: float
    examples: int
    kind: str


def estimate_error(
    errors: np.ndarray, *, baseline: np.ndarray | None = None, seed: int = 0
) -> ErrorEstimate:
    """The mean of the examples' errors with its 95 % interval.

    Args:
        errors: One error per example, shape `(examples,)`, >= 0, finite. Where every one is 0 or 1
            the interval is Wilson's, else the bootstrap's.
        baseline: Errors of a trivial prediction for the same examples; the estimate is then the
            ratio of the means, and the bootstrap draws examples with both errors.
        seed: Of the bootstrap.

    Raises:
        ValueError: If there is no example, an error is not finite, or the baseline has another
            number of them.

    Example:
        >>> estimate = estimate_error(np.repeat([1.0, 0.0], [5, 355]))
        >>> round(estimate.error, 4), round(estimate.low, 4), estimate.kind
        (0.0139, 0.0059, 'share')
    """
    errors = np.asarray(errors, dtype="float64").ravel()
    if not len(errors):
        raise ValueError("`errors` must hold at least one example. Received: 0 examples.")
    if not np.isfinite(errors).all():
        bad = int((~np.isfinite(errors)).sum())
        raise ValueError(
            f"`errors` must be finite. Received: {bad} of {len(errors)} are not: the model "
            "predicts NaN or infinity. Lower the learning rate, or look for NaN in the data."
        )
    if baseline is not None:
        baseline = np.asarray(baseline, dtype="float64").ravel()
        low, high = bootstrap_interval(errors, baseline=baseline, seed=seed)
        ratio = float(errors.mean() / (baseline.mean() or 1.0))
        return ErrorEstimate(ratio, low, high, len(errors), "mean")
    if np.isin(errors, (0.0, 1.0)).all():
        low, high = wilson_interval(int(errors.sum()), len(errors))
        return ErrorEstimate(float(errors.mean()), low, high, len(errors), "share")
    low, high = bootstrap_interval(errors, seed=seed)
    return ErrorEstimate(float(errors.mean()), low, high, len(errors), "mean")


def wilson_interval(wrong: float, examples: float) -> tuple[float, float]:
    """95 % interval of a share, also right for few examples and for shares of 0 and 1.

    ```
    (p + z^2 / 2n  -+  z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)
    ```

    Args:
        wrong: Number of wrong examples, 0 to `examples`.
        examples: Number of examples, > 0.

    Raises:
        ValueError: If there is no example, or `wrong` is not among them.

    Source: Wilson, Journal of the American Statistical Association 22 (1927).

    Example:
        >>> low, high = wilson_interval(5, 360)
        >>> round(low, 4), round(high, 4)
        (0.0059, 0.0321)
    """
    if not (examples > 0 and 0 <= wrong <= examples <= MOST_EXAMPLES):
        raise ValueError(
            f"`examples` must be > 0 and at most {MOST_EXAMPLES:g}, and `wrong` lie in 0 to "
            f"`examples`. Received: wrong={wrong}, examples={examples}."
        )
    share, z2 = wrong / examples, Z95**2
    centre = share + z2 / (2 * examples)
    half = Z95 * math.sqrt(share * (1 - share) / examples + z2 / (4 * examples**2))
    scale = 1 + z2 / examples
    low = 0.0 if wrong == 0 else (centre - half) / scale
    high = 1.0 if wrong == examples else (centre + half) / scale
    return low, high


def bootstrap_interval(
    errors: np.ndarray, *, baseline: np.ndarray | None = None, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval of the mean under resampling of the examples.

    The percentiles are moved outwards as Student's t is wider than the normal distribution, since
    resampling a few examples varies too little. A single example says nothing: `(0, inf)`.

    Args:
        errors: One error per example, shape `(examples,)`, >= 0.
        baseline: Errors of a trivial prediction; the interval is of the ratio of the means.
        seed: Of the resampling.

    Raises:
        ValueError: If there is no example, or the baseline has another number of them.

    Example:
        >>> low, high = bootstrap_interval(np.arange(101) / 100)
        >>> 0.43 < low < 0.46, 0.54 < high < 0.57
        (True, True)

    Source: Efron, The Annals of Statistics 7 (1979); the expanded percentiles are Hesterberg's
    (The American Statistician 69, 2015).
    """
    from scipy import stats

    errors = np.asarray(errors, dtype="float64").ravel()
    if not len(errors):
        raise ValueError("`errors` must hold at least one example. Received: 0 examples.")
    if baseline is not None:
        baseline = np.asarray(baseline, dtype="float64").ravel()
        if len(baseline) != len(errors):
            raise ValueError(
                "`baseline` must have one error for each of `errors`. Received: "
                f"{len(baseline)} and {len(errors)}."
            )
    if len(errors) == 1:
        return 0.0, math.inf
    generator, count = np.random.default_rng(seed), len(errors)
    means = np.empty(RESAMPLES)
    for start in range(0, RESAMPLES, block := max(1, min(RESAMPLES, 4_000_000 // count))):
        stop = min(start + block, RESAMPLES)
        drawn = generator.integers(0, count, (stop - start, count))
        means[start:stop] = errors[drawn].mean(axis=1)
        if baseline is not None:
            below = baseline[drawn].mean(axis=1)
            means[start:stop] /= np.where(below > 0, below, 1.0)
    outwards = math.sqrt(count / (count - 1)) * stats.t.ppf(0.975, count - 1)
    low, high = np.quantile(means, stats.norm.cdf([-outwards, outwards]))
    return float(low), float(high)
