"""What the trials so far say about the settings not yet tried: a Gaussian process."""

from typing import NamedTuple

import numpy as np
from scipy import linalg, optimize

LENGTH = 0.6  # typical length scale in one dimension, in units of a hyperparameter's range
LENGTH_SPREAD = 1.0  # of its logarithm
NOISE, NOISE_SPREAD = 0.01, 2.0  # typical variance of the noise (that of all scores is 1)
SQRT5 = np.sqrt(5.0)


class Surrogate(NamedTuple):
    """A Gaussian process with a Matérn 5/2 kernel and a length scale for each hyperparameter.

    `lengths` tell importance: a score hardly changes over a distance much below a length scale, so
    a hyperparameter with a long one does not matter. The noise is estimated with them, so that
    neighbours are averaged where scores are noisy.
    """

    parameters: np.ndarray  # log(1 / length^2) of each hyperparameter, log amplitude, log noise
    scaled: np.ndarray
    owners: np.ndarray
    factor: np.ndarray
    weights: np.ndarray
    mean: float
    fitted: np.ndarray  # the means at the trials themselves

    @property
    def lengths(self) -> np.ndarray:
        """Length scale of each hyperparameter, in units of its range."""
        return np.exp(-0.5 * self.parameters[:-2])

    def predict(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the score without noise at each row of features."""
        scaled = features * np.exp(0.5 * self.parameters[:-2])[self.owners]
        amplitude = np.exp(self.parameters[-2])
        kernel = amplitude * _matern(_squared(scaled, self.scaled))[0]
        mean = self.mean + kernel @ self.weights
        solved = linalg.solve_triangular(
            self.factor, kernel.T, lower=True, check_finite=False, overwrite_b=True
        )
        variance = amplitude - np.einsum("ij,ij->j", solved, solved)
        return mean, np.sqrt(np.maximum(variance, 1e-10))


def fit_surrogate(
    features: np.ndarray,
    owners: np.ndarray,
    scores: np.ndarray,
    start: np.ndarray | None = None,
    most_evaluations: int = 30,
) -> Surrogate:
    """Fits length scales, amplitude and noise: the largest posterior density, from two starts.

    Args:
        features: Array `(trials, columns)`.
        owners: Integer array `(columns,)`: the hyperparameter that each column belongs to.
        scores: Array `(trials,)`, mean about 0 and variance about 1.
        start: Parameters to begin with, those of the last fit. Default: typical ones.
        most_evaluations: Integer >= 0. Of the density and its gradient; with 0, `start` is kept.

    Returns:
        Surrogate.
    """
    count = int(owners.max()) + 1
    typical = typical_parameters(count)
    if start is None or len(start) != len(typical):
        start = typical
    if most_evaluations:
        start = _fit(features, owners, scores, start, typical, most_evaluations)
    return condition(start, features, owners, scores)


def typical_parameters(count: int) -> np.ndarray:
    """The parameters that are most plausible without any trial."""
    length = LENGTH * np.sqrt(max(count, 1) / 2)
    return np.array([-2 * np.log(length)] * count + [0.0, np.log(NOISE)])


def condition(
    parameters: np.ndarray, features: np.ndarray, owners: np.ndarray, scores: np.ndarray
) -> Surrogate:
    """The process with these parameters after these scores."""
    scaled = features * np.exp(0.5 * parameters[:-2])[owners]
    kernel = np.exp(parameters[-2]) * _matern(_squared(scaled, scaled))[0]
    noise = np.exp(parameters[-1]) + 1e-6
    kernel.flat[:: len(kernel) + 1] += noise
    factor = linalg.cholesky(kernel, lower=True, check_finite=False, overwrite_a=True)
    ones = linalg.cho_solve((factor, True), np.ones(len(scores)), check_finite=False)
    mean = float(ones @ scores / ones.sum())
    weights = linalg.cho_solve((factor, True), scores - mean, check_finite=False)
    fitted = scores - noise * weights
    return Surrogate(parameters, scaled, owners, factor, weights, mean, fitted)


def _fit(features, owners, scores, start, typical, most_evaluations):
    distances = np.zeros((len(typical) - 2, len(scores), len(scores)))
    for column, owner in zip(features.T, owners, strict=True):
        distances[owner] += (column[:, None] - column) ** 2
    flat = distances.reshape(len(distances), -1)
    spread = np.array([2 * LENGTH_SPREAD] * (len(typical) - 2) + [1.0, NOISE_SPREAD])
    bounds = [(value - 4 * s, value + 4 * s) for value, s in zip(typical, spread, strict=True)]
    bounds[-1] = (np.log(1e-5), np.log(1.0))

    def cost(parameters):
        value, gradient = _cost(parameters, flat, scores)
        off = (parameters - typical) / spread
        return value + 0.5 * off @ off, gradient + off / spread

    best = optimize.minimize(
        cost,
        np.clip(start, *np.transpose(bounds)),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxfun": most_evaluations, "maxiter": most_evaluations, "maxcor": 6},
    )
    return best.x if np.all(np.isfinite(best.x)) else start


def _cost(parameters, distances, scores):
    """Negative log likelihood of the scores (their mean fitted), and its gradient."""
    m = len(scores)
    inverse_squared = np.exp(parameters[:-2])
    amplitude, noise = np.exp(parameters[-2:])
    correlation, slope = _matern((inverse_squared @ distances).reshape(m, m))
    kernel = amplitude * correlation
    kernel.flat[:: m + 1] += noise + 1e-6
    factor, _ = linalg.lapack.dpotrf(kernel, lower=1, clean=1, overwrite_a=0)
    inverse, _ = linalg.lapack.dpotri(factor, lower=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    column_sums = inverse.sum(axis=0)
    centred = scores - column_sums @ scores / column_sums.sum()
    weights = inverse @ centred
    value = 0.5 * centred @ weights + np.log(np.diagonal(factor)).sum()
    inner = inverse - np.outer(weights, weights)
    gradient = np.empty(len(parameters))
    gradient[:-2] = 0.5 * amplitude * inverse_squared * (distances @ (inner * slope).ravel())
    gradient[-2] = 0.5 * amplitude * np.vdot(inner, correlation)
    gradient[-1] = 0.5 * noise * np.trace(inner)
    return value, gradient


def _matern(squared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The Matérn 5/2 correlation at squared distances, and its derivative by them."""
    distance = SQRT5 * np.sqrt(squared)
    decay = np.exp(-distance)
    linear = (1 + distance) * decay
    return linear + (5 / 3) * squared * decay, (-5 / 6) * linear


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    distances = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T
    return np.maximum(distances, 0.0)
