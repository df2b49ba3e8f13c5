"""The error of each example, from targets and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

METRICS = ("error_rate", "relative_squared_error")
_CLASSIFYING = ("crossentropy", "hinge")


def example_errors(
    metric: str | Callable,
    y: Any,
    predictions: Any,
    *,
    threshold: float = 0.5,
    spread: Any = 1.0,
) -> np.ndarray:
    """One error per example.

    - `"error_rate"`: 1 where the predicted class is wrong, else 0; with several labels an example
      (or several positions), the share of them that is wrong.
    - `"relative_squared_error"`: `(y - prediction)^2 / spread`, mean over the outputs;
      `measure_error` relates it to the error of predicting the mean.
    - a callable `(y, predictions) -> errors`.

    Args:
        metric: One of the above.
        y: Targets, shape `(examples, ...)`: class numbers, one-hot rows, 0/1 (or -1/1) labels, or
            numbers.
        predictions: The model's outputs, shape `(examples, ...)`.
        threshold: Outputs above it say 1, for models with independent outputs: 0.5 for
            probabilities, 0 for logits and hinge losses.
        spread: Variance of the training targets, > 0: a scalar or one per output.

    Returns:
        Array of shape `(examples,)`, float64.

    Raises:
        ValueError: If the shapes do not fit, or the metric is unknown.
    """
    if callable(metric):
        errors = np.asarray(metric(y, predictions), dtype="float64")
        if errors.ndim != 1:
            raise ValueError(
                "`metric` must return one error per example, shape (examples,). "
                f"Received: shape {errors.shape}."
            )
        return errors
    y, predictions = np.asarray(y), np.asarray(predictions)
    if len(y) != len(predictions):
        raise ValueError(
            "`y` and `predictions` must have one row per example. "
            f"Received: {len(y)} targets and {len(predictions)} predictions."
        )
    if metric == "error_rate":
        return _mean_by_example(_wrong(y, predictions, threshold))
    if metric == "relative_squared_error":
        y = y.reshape(predictions.shape) if y.size == predictions.size else y
        _require_same_shape(y, predictions)
        squared = np.square(y.astype("float64") - predictions.astype("float64"))
        return _mean_by_example(squared / np.asarray(spread, dtype="float64"))
    raise ValueError(
        f"`metric` must be 'auto', one of {', '.join(METRICS)}, or a callable. "
        f"Received: metric={metric!r}."
    )


def infer_metric(loss: Any) -> tuple[str, float]:
    """The metric that fits a compiled loss, and the threshold of its outputs.

    Args:
        loss: The `loss` of `compile`: a name, a function or a `keras.losses.Loss`.

    Returns:
        `("error_rate", threshold)` for cross-entropies and hinge losses, else
        `("relative_squared_error", 0.5)`.

    Raises:
        ValueError: If the model has several losses, one per output.
    """
    if isinstance(loss, (list, tuple, dict)):
        if len(loss) != 1:
            raise ValueError(
                "Bias and variance are read of one output. "
                f"Received: a model with {len(loss)} losses. Pass `metric=` a callable of "
                "(y, predictions) that returns one error per example."
            )
        loss = next(iter(loss.values() if isinstance(loss, dict) else loss))
    name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    name = str(name or type(loss).__name__).lower().replace("_", "")
    if not any(word in name for word in _CLASSIFYING):
        return "relative_squared_error", 0.5
    config = loss.get_config() if hasattr(loss, "get_config") else {}
    logits = config.get("from_logits", False) or config.get("fn_kwargs", {}).get("from_logits")
    return "error_rate", 0.0 if logits or "hinge" in name else 0.5


def _wrong(y: np.ndarray, predictions: np.ndarray, threshold: float) -> np.ndarray:
    if predictions.ndim == 1:
        predictions = predictions[:, None]
    outputs = predictions.shape[-1]
    if outputs > 1 and y.size * outputs == predictions.size:  # class numbers
        return y.reshape(predictions.shape[:-1]) != predictions.argmax(axis=-1)
    y = y.reshape(predictions.shape) if y.size == predictions.size else y
    _require_same_shape(y, predictions)
    if outputs > 1 and _exclusive(y):
        return y.argmax(axis=-1) != predictions.argmax(axis=-1)
    return (y > (0 if y.min(initial=0) < 0 else 0.5)) != (predictions > threshold)


def _exclusive(y: np.ndarray) -> bool:
    """Whether every row is one-hot, or a distribution over classes."""
    return bool((y >= 0).all() and np.allclose(y.sum(axis=-1), 1))


def _require_same_shape(y: np.ndarray, predictions: np.ndarray) -> None:
    if y.shape != predictions.shape:
        raise ValueError(
            "`y` and `predictions` must fit each other. "
            f"Received: targets of shape {y.shape}, predictions of shape {predictions.shape}."
        )


def _mean_by_example(errors: np.ndarray) -> np.ndarray:
    return errors.reshape(len(errors), -1).astype("float64").mean(axis=1)
