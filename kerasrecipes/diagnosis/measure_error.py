"""The error of a set of predictions, with its interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kerasrecipes.diagnosis.example_errors import example_errors
from kerasrecipes.diagnosis.intervals import ErrorEstimate, estimate_error


class TargetScale(NamedTuple):
    """Mean and variance of the training targets, per output."""

    mean: np.ndarray
    variance: np.ndarray

    @classmethod
    def of(cls, y: Any) -> TargetScale:
        """The scale of targets `(examples, ...)`; a constant output has variance 1."""
        y = np.asarray(y, dtype="float64")
        variance = y.var(axis=0)
        return cls(y.mean(axis=0), np.where(variance > 0, variance, 1.0))


def measure_error(
    metric: str | Callable,
    y: Any,
    predictions: Any,
    *,
    threshold: float = 0.5,
    scale: TargetScale | None = None,
    one_hot: bool | None = None,
    seed: int = 0,
) -> ErrorEstimate:
    """Measures predictions by a metric.

    The relative squared error compares with predicting the training mean on the same examples:

    ```
    error = sum (y - prediction)^2 / sum (y - mean of the training targets)^2
    ```

    Args:
        metric: As in `example_errors`.
        y: Targets, shape `(examples, ...)`.
        predictions: The model's outputs, shape `(examples, ...)`.
        threshold: As in `example_errors`.
        scale: Of the training targets; needed for the relative squared error.
        one_hot: As in `example_errors`.
        seed: Of the bootstrap.

    Returns:
        The `ErrorEstimate`.

    Raises:
        ValueError: If shapes do not fit, the metric is unknown, errors are not finite, or `scale`
            is missing.

    Example:
        >>> y = np.array([1.0, 2.0, 3.0])
        >>> measure_error("relative_squared_error", y, y + 1, scale=TargetScale.of(y)).error
        1.5
    """
    if metric != "relative_squared_error":
        errors = example_errors(metric, y, predictions, threshold=threshold, one_hot=one_hot)
        return estimate_error(errors, seed=seed)
    if scale is None:
        raise ValueError(
            "`scale` must be given for the relative squared error: it compares with predicting "
            "the training mean. Received: scale=None. Pass TargetScale.of(training targets)."
        )
    y, spread = np.asarray(y, dtype="float64"), scale.variance
    return estimate_error(
        example_errors(metric, y, predictions, spread=spread),
        baseline=example_errors(metric, y, np.broadcast_to(scale.mean, y.shape), spread=spread),
        seed=seed,
    )
