"""Two levels to read a cost by: that of guessing the priors, and the least there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasrecipes.diagnosis.collect.arrays import numbers
from kerasrecipes.diagnosis.trace import Program, TargetFacts

Level = Callable[[np.ndarray], "float | None"]


def prior_cost(program: Program, targets: TargetFacts | None, y: Any) -> float | None:
    """The cost of the best constant prediction, penalties apart.

    What the network would reach if it saw the targets and nothing of the inputs: the entropy of the
    class priors for cross-entropies, the variance for squared errors.

    Args:
        program: Its loss, and whether the loss smooths the labels.
        targets: Facts on `y`; None if unknown.
        y: Targets as given to `fit`.

    Returns:
        Float in the unit of the cost, or None where it is not known for this loss or these targets.

    Example:
        >>> program = Program((), "sigmoid", 1, 2, "binary_crossentropy", False, "adam", 0.001)
        >>> round(prior_cost(program, None, np.array([0, 0, 0, 1])), 4)  # H(1/4)
        0.5623
    """
    return _level(_PRIOR, program, targets, y)


def floor_cost(program: Program, targets: TargetFacts | None, y: Any) -> float | None:
    """The least cost that the loss can reach on these targets: the entropy of soft ones, else 0.

    Args and Returns: as `prior_cost`.

    Example:
        >>> program = Program((), "softmax", 2, 2, "categorical_crossentropy", False, "adam", 0.001)
        >>> floor_cost(program, None, np.array([[0, 1], [1, 0]]))
        0.0
        >>> round(floor_cost(program, None, np.array([[0.5, 0.5], [0.5, 0.5]])), 4)
        0.6931
    """
    return _level(_FLOOR, program, targets, y)


def _level(
    table: dict[str, Level], program: Program, targets: TargetFacts | None, y: Any
) -> float | None:
    array = numbers(y)
    if array is None or program.loss not in table or (targets and targets.not_finite):
        return None
    columns = array.shape[-1] if array.ndim > 1 else 1
    if program.loss.startswith("sparse"):
        columns = 1
    flat = array.reshape(-1, columns).astype("float64")
    if not np.isfinite(flat).all():
        return None
    smoothing = program.label_smoothing
    if smoothing and program.loss in ("binary_crossentropy", "categorical_crossentropy"):
        spread = 2 if program.loss.startswith("binary") else columns
        flat = flat * (1 - smoothing) + smoothing / spread
    level = table[program.loss](flat)
    return None if level is None else float(level) + 0.0  # no -0.0


def _xlogx(p: Any) -> Any:
    p = np.asarray(p, dtype="float64")
    return np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0)), 0.0)


def _binary_entropy(p: np.ndarray) -> float | None:
    """Mean entropy of probabilities of 1; None if they are none."""
    if (p < 0).any() or (p > 1).any():
        return None
    return float(-(_xlogx(p) + _xlogx(1 - p)).mean())


def _categorical_entropy(rows: np.ndarray) -> float | None:
    """Mean of `-sum p log(p / sum p)` of rows: the least cross-entropy to a softmax."""
    if (rows < 0).any() or rows.shape[1] < 2:
        return None
    total = rows.sum(axis=1)
    return float((_xlogx(total) - _xlogx(rows).sum(axis=1)).mean())


def _sparse_entropy(y: np.ndarray) -> float | None:
    if (y < 0).any() or (y != np.round(y)).any():
        return None
    _, counts = np.unique(y, return_counts=True)
    return float(-_xlogx(counts / y.size).sum())


def _mean_entropy(rows: np.ndarray) -> float | None:
    return None if (rows < 0).any() else float(-_xlogx(rows).sum(axis=1).mean())


def _divergence_from_mean(y: np.ndarray) -> float | None:
    own, of_mean = _mean_entropy(y), _mean_entropy(y.mean(axis=0, keepdims=True))
    return None if own is None or of_mean is None else of_mean - own


def _poisson(y: np.ndarray, rate: np.ndarray) -> float | None:
    if (y < 0).any() or (rate < 0).any():
        return None
    return float((rate - y * np.log(np.where(rate > 0, rate, 1.0))).mean())


def _signs(y: np.ndarray) -> np.ndarray | None:
    """The share of +1 in each column of labels -1 and 1, or 0 and 1."""
    if not (np.isin(y, (-1, 1)).all() or np.isin(y, (0, 1)).all()):
        return None
    return (y > 0).mean(axis=0)


def _hinge(y: np.ndarray) -> float | None:
    p = _signs(y)
    return None if p is None else float((2 * np.minimum(p, 1 - p)).mean())


def _squared_hinge(y: np.ndarray) -> float | None:
    p = _signs(y)
    return None if p is None else float((4 * p * (1 - p)).mean())


def _absolute(y: np.ndarray) -> float:
    return float(np.abs(y - np.median(y, axis=0)).mean())


def _squared_log(y: np.ndarray) -> float | None:
    return None if (y <= -1).any() else float(np.log1p(y).var(axis=0).mean())


def _nothing(y: np.ndarray) -> float:
    return 0.0


_PRIOR: dict[str, Level] = {
    "binary_crossentropy": lambda y: _binary_entropy(y.mean(axis=0)),
    "categorical_crossentropy": lambda y: _categorical_entropy(y.mean(axis=0, keepdims=True)),
    "sparse_categorical_crossentropy": _sparse_entropy,
    "mean_squared_error": lambda y: float(y.var(axis=0).mean()),
    "mean_absolute_error": _absolute,
    "mean_squared_logarithmic_error": _squared_log,
    "kl_divergence": _divergence_from_mean,
    "poisson": lambda y: _poisson(y, np.broadcast_to(y.mean(axis=0), y.shape)),
    "hinge": _hinge,
    "squared_hinge": _squared_hinge,
}
_FLOOR: dict[str, Level] = {
    "binary_crossentropy": _binary_entropy,
    "categorical_crossentropy": _categorical_entropy,
    "sparse_categorical_crossentropy": _nothing,
    "mean_squared_error": _nothing,
    "mean_absolute_error": _nothing,
    "mean_squared_logarithmic_error": _nothing,
    "mean_absolute_percentage_error": _nothing,
    "huber": _nothing,
    "log_cosh": _nothing,
    "kl_divergence": _nothing,
    "poisson": lambda y: _poisson(y, y),
    "hinge": _nothing,
    "squared_hinge": _nothing,
    "categorical_hinge": _nothing,
}
