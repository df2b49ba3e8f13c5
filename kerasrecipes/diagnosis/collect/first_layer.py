"""The inputs as they reach the first layer with weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.diagnosis.collect.activation_name import is_activation
from kerasrecipes.diagnosis.collect.layer_facts import NORMALIZATIONS
from kerasrecipes.diagnosis.collect.layer_order import Step, steps_of


def at_first_layer(model: Any, x: np.ndarray) -> np.ndarray:
    """Passes `x` through what rescales it at the front of the model.

    `Rescaling`, `Normalization`, `Standardize` and the like are applied, with the layers without
    weights before them. A batch normalisation there is applied with the statistics of `x`, as in
    training. Without any of these `x` is returned as it is.

    Args:
        model: A `keras.Model` with one input.
        x: Sample of inputs, `(examples, ...)`.

    Returns:
        Array `(examples, ...)`.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Rescaling(1 / 255),
        ...                           keras.layers.Dense(1)])
        >>> at_first_layer(model, np.array([[0.0], [255.0]])).round(3).tolist()
        [[0.0], [1.0]]
    """
    front = _front(model)
    scaling = [index for index, step in enumerate(front) if _rescales(step.layer)]
    if not scaling:
        return x
    try:
        value = ops.convert_to_tensor(x.astype("float32") if x.dtype.kind == "f" else x)
        for step in front[: scaling[-1] + 1]:
            value = _applied(step.layer, value)
        return np.asarray(ops.convert_to_numpy(value))
    except (TypeError, ValueError, RuntimeError):  # data that do not fit the layer
        return x


def starts_with_embedding(model: Any) -> bool:
    """Whether the first layer with weights looks integers up."""
    steps, _ = steps_of(model)
    behind = steps[len(_front(model)) :]
    return bool(behind) and isinstance(behind[0].layer, keras.layers.Embedding)


def _front(model: Any) -> list[Step]:
    """The steps before the first with weights to train, as far as they are a chain."""
    front: list[Step] = []
    for step in steps_of(model)[0]:
        is_layer = isinstance(step.layer, keras.layers.Layer)
        follows = step.before is (front[-1] if front else None)
        if not is_layer or not follows or is_activation(step.layer):
            break
        if not isinstance(step.layer, NORMALIZATIONS) and _is_trained(step.layer):
            break
        front.append(step)
    return front


def _is_trained(layer: Any) -> bool:
    return bool(layer.trainable_weights) or hasattr(layer, "kernel_initializer")


def _rescales(layer: Any) -> bool:
    known = (*NORMALIZATIONS, keras.layers.Rescaling, keras.layers.Lambda)
    return isinstance(layer, known) or hasattr(layer, "adapt")


def _applied(layer: Any, value: Any) -> Any:
    if isinstance(layer, keras.layers.BatchNormalization):
        rank = len(value.shape)
        axes = [axis for axis in range(rank) if axis != layer.axis % rank]
        value = ops.cast(value, "float32")
        mean, variance = ops.moments(value, axes, keepdims=True)
        return (value - mean) / ops.sqrt(variance + layer.epsilon)
    if "Random" in type(layer).__name__ or "Dropout" in type(layer).__name__:
        return layer(value, training=False)
    return layer(value)
