"""The error of each example, from targets and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

METRICS = ("error_rate", "relative_squared_error")
_CLASSIFYING = ("crossentropy", "hinge", "kldivergence", "dice", "tversky", "bce")
_MEASURING = ("squared", "absolute", "huber", "logcosh", "poisson", "mse", "mae", "mape", "msle")


def example_errors(
    metric: str | Callable,
    y: Any,
    predictions: Any,
    *,
    threshold: float = 0.5,
    spread: Any = 1.0,
    one_hot: bool | None = None,
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
        one_hot: Whether targets of the outputs' shape name one class, rather than several labels;
            by default whether they do here (`is_one_hot`).

    Returns:
        Array of shape `(examples,)`, float64; NaN where a prediction is not finite.

    Raises:
        ValueError: If the shapes do not fit, the metric is unknown, or outputs that are to be
            compared with 0.5 are no probabilities.

    Example:
        >>> example_errors("error_rate", [0, 1], [[0.9, 0.1], [0.6, 0.4]]).tolist()
        [0.0, 1.0]
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
        errors = _mean_by_example(_wrong(y, predictions, threshold, one_hot))
        finite = np.isfinite(predictions).reshape(len(predictions), -1).all(axis=1)
        return np.where(finite, errors, np.nan)
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
        `("error_rate", threshold)` for cross-entropies, hinge losses and their like,
        `("relative_squared_error", 0.5)` for losses of numbers.

    Raises:
        ValueError: If the model has several losses, one per output, or its loss is of neither kind.

    Example:
        >>> infer_metric("hinge"), infer_metric("mse")
        (('error_rate', 0.0), ('relative_squared_error', 0.5))
    """
    loss = _only(loss)
    name = _loss_name(loss)
    if any(word in name for word in _CLASSIFYING):
        return "error_rate", infer_threshold(loss)
    if any(word in name for word in _MEASURING):
        return "relative_squared_error", 0.5
    raise ValueError(
        "`metric='auto'` must be able to tell from the loss whether the model classifies. "
        f"Received: loss={loss!r}. Pass metric='error_rate', 'relative_squared_error', or a "
        "callable of (y, predictions) that returns one error per example."
    )


def infer_threshold(loss: Any) -> float:
    """Above which an output says 1: 0 if the loss takes logits or is a hinge loss, else 0.5.

    Args:
        loss: As in `infer_metric`.

    Raises:
        ValueError: If the model has several losses, one per output.

    Example:
        >>> infer_threshold("binary_crossentropy"), infer_threshold("hinge")
        (0.5, 0.0)
    """
    loss = _only(loss)
    name = _loss_name(loss)
    config = loss.get_config() if hasattr(loss, "get_config") else {}
    logits = config.get("from_logits", False) or "logits" in name
    return 0.0 if logits or "hinge" in name else 0.5


def is_one_hot(y: Any) -> bool:
    """Whether every row of the last axis is one-hot, or a distribution over classes.

    Args:
        y: Targets, shape `(examples, ..., outputs)`.

    Example:
        >>> is_one_hot([[0, 1], [1, 0]]), is_one_hot([[1, 1], [1, 0]])
        (True, False)
    """
    y = np.asarray(y)
    return bool(y.ndim > 1 and (y >= 0).all() and np.allclose(y.sum(axis=-1), 1))


def _only(loss: Any) -> Any:
    """The single loss of a model with one output."""
    if not isinstance(loss, (list, tuple, dict)):
        return loss
    if len(loss) != 1:
        raise ValueError(
            "Bias and variance are read of one output. "
            f"Received: a model with {len(loss)} losses. Pass `metric=` a callable of "
            "(y, predictions) that returns one error per example."
        )
    return next(iter(loss.values() if isinstance(loss, dict) else loss))


def _loss_name(loss: Any) -> str:
    """The names of a loss and of its class, in lower case and without underscores."""
    names = [loss if isinstance(loss, str) else type(loss).__name__]
    names += [getattr(loss, "__name__", ""), getattr(loss, "name", "")]
    return " ".join(map(str, names)).lower().replace("_", "")


def _wrong(
    y: np.ndarray, predictions: np.ndarray, threshold: float, one_hot: bool | None
) -> np.ndarray:
    if predictions.ndim == 1:
        predictions = predictions[:, None]
    outputs = predictions.shape[-1]
    if outputs > 1 and y.size * outputs == predictions.size:  # class numbers
        return y.reshape(predictions.shape[:-1]) != predictions.argmax(axis=-1)
    y = y.reshape(predictions.shape) if y.size == predictions.size else y
    _require_same_shape(y, predictions)
    if outputs > 1 and (is_one_hot(y) if one_hot is None else one_hot):
        return y.argmax(axis=-1) != predictions.argmax(axis=-1)
    _require_probabilities(predictions, threshold)
    return (y > (0 if y.min(initial=0) < 0 else 0.5)) != (predictions > threshold)


def _require_probabilities(predictions: np.ndarray, threshold: float) -> None:
    finite = predictions[np.isfinite(predictions)]
    low, high = finite.min(initial=0.0), finite.max(initial=0.0)
    if threshold == 0.5 and (low < 0 or high > 1):
        raise ValueError(
            "`predictions` must be probabilities to be compared with 0.5. "
            f"Received: outputs from {low:.3g} to {high:.3g}. If they are logits, compile the loss "
            "with from_logits=True."
        )


def _require_same_shape(y: np.ndarray, predictions: np.ndarray) -> None:
    if y.shape != predictions.shape:
        raise ValueError(
            "`y` and `predictions` must fit each other. "
            f"Received: targets of shape {y.shape}, predictions of shape {predictions.shape}."
        )


def _mean_by_example(errors: np.ndarray) -> np.ndarray:
    return errors.reshape(len(errors), -1).astype("float64").mean(axis=1)
