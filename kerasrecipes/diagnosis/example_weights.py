"""What each example counts in the cost, from `fit`'s `sample_weight` or `class_weight`."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import keras
import numpy as np


def example_weights(y: Any, sample_weight: Any, class_weight: Any) -> np.ndarray | None:
    """One number an example, as `fit` makes them; None without weights.

    Args:
        y: Checked targets; for `class_weight` one array `(examples,)`, `(examples, 1)` of class
            numbers or `(examples, classes)` one-hot.
        sample_weight: Array `(examples,)` or `(examples, ...)` of numbers >= 0, or None.
        class_weight: Dict from class number to a number >= 0; classes not in it count 1. Or None.

    Raises:
        ValueError: If both are given, or one cannot be used.

    Example:
        >>> example_weights(np.array([0, 1, 1]), None, {1: 3.0}).tolist()
        [1.0, 3.0, 3.0]
    """
    if sample_weight is not None and class_weight is not None:
        raise ValueError(
            "`sample_weight` and `class_weight` cannot be given both, as in `fit`. Multiply the "
            "class weights into `sample_weight`."
        )
    if class_weight is not None:
        return _of_classes(y, class_weight)
    return None if sample_weight is None else _of_examples(y, sample_weight)


def _of_examples(y: Any, sample_weight: Any) -> np.ndarray:
    examples = len(keras.tree.flatten(y)[0])
    weights = np.asarray(
        keras.ops.convert_to_numpy(sample_weight)
        if keras.ops.is_tensor(sample_weight)
        else sample_weight
    )
    is_number = weights.dtype.kind in "biuf" and weights.ndim > 0
    if not is_number or len(weights) != examples or not _is_usable(weights):
        raise ValueError(
            f"`sample_weight` must hold a finite number >= 0 for each of the {examples} examples, "
            f"not 0 for all. Received: sample_weight of shape {weights.shape} and type "
            f"{weights.dtype}."
        )
    return weights.astype(keras.config.floatx())


def _of_classes(y: Any, class_weight: Any) -> np.ndarray:
    fits = isinstance(class_weight, Mapping) and all(
        isinstance(key, Integral) and isinstance(value, Real) and 0 <= float(value) < float("inf")
        for key, value in class_weight.items()
    )
    if not fits:
        raise ValueError(
            "`class_weight` must be a dict from class numbers to finite numbers >= 0. "
            f"Received: class_weight={class_weight!r}."
        )
    arrays = keras.tree.flatten(y)
    labels = arrays[0]
    if len(arrays) > 1 or labels.ndim > 2:
        raise ValueError(
            "`class_weight` needs one class an example: y of shape (examples,) or "
            f"(examples, classes). Received: y of shapes {[each.shape for each in arrays]}. Give "
            "sample_weight."
        )
    one_hot = labels.ndim == 2 and labels.shape[1] > 1
    classes = labels.argmax(axis=1) if one_hot else np.round(labels.reshape(-1)).astype(int)
    weights = np.array([class_weight.get(int(label), 1.0) for label in classes])
    if not _is_usable(weights):
        raise ValueError(
            "`class_weight` must leave a class in the training set that counts. "
            f"Received: class_weight={class_weight!r}, 0 for every example."
        )
    return weights.astype(keras.config.floatx())


def _is_usable(weights: np.ndarray) -> bool:
    return bool(np.isfinite(weights).all() and (weights >= 0).all() and (weights > 0).any())
