"""What rules see of each layer."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.diagnosis.collect.activation_name import activation_name, is_activation
from kerasrecipes.diagnosis.collect.layer_order import Step
from kerasrecipes.diagnosis.trace import LayerFacts
from kerasrecipes.layers import InvertedDropout
from kerasrecipes.layers.kernel_scale import kernel_initializer_for

NORMALIZATIONS = (
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.GroupNormalization,
    keras.layers.UnitNormalization,
)


def layer_facts(steps: Iterable[Step]) -> tuple[LayerFacts, ...]:
    """Facts on the layers with weights; what follows a layer is told with it.

    Activations, dropout and normalisations are no layers of their own: they belong to the layer
    with weights that they read, directly or through layers without weights.

    Args:
        steps: As `steps_of` lists them.

    Returns:
        One `LayerFacts` per layer with weights, in the order of `steps`.

    Example:
        >>> from kerasrecipes.diagnosis.collect.layer_order import steps_of
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(8),
        ...                           keras.layers.ReLU(), keras.layers.Dropout(0.5)])
        >>> [layer] = layer_facts(steps_of(model)[0])
        >>> layer.kind, layer.activation, layer.dropout, layer.fan_in
        ('Dense', 'relu', 0.5, 3)
    """
    facts: dict[Step, LayerFacts] = {}
    owner: dict[Step | None, Step] = {}  # the step with weights whose output arrives there
    for step in steps:
        if _has_weights(step.layer):
            facts[step] = _linear(step.layer)
            owner[step] = step
        elif step.before in owner:
            owner[step] = owner[step.before]
            facts[owner[step]] = _with_follower(facts[owner[step]], step.layer)
    return tuple(_with_expected_std(layer) for layer in facts.values())


def input_dropout(steps: Iterable[Step]) -> float:
    """The largest share dropped in front of all layers with weights; 0 for none.

    Example:
        >>> from kerasrecipes.diagnosis.collect.layer_order import steps_of
        >>> layers = [keras.Input((3,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)]
        >>> input_dropout(steps_of(keras.Sequential(layers))[0])
        0.2
    """
    shares, behind = [0.0], set()
    for step in steps:
        if _has_weights(step.layer) or step.before in behind:
            behind.add(step)
        else:
            shares.append(_dropped_share(step.layer) or 0.0)
    return max(shares)


def _dropped_share(layer: Any) -> float | None:
    """None where it is no dropout."""
    if isinstance(layer, InvertedDropout):
        return 1 - float(layer.keep_prob)
    rate = getattr(layer, "rate", None)
    is_dropout = "Dropout" in type(layer).__name__
    return float(rate) if is_dropout and isinstance(rate, (int, float)) else None


def _has_weights(layer: Any) -> bool:
    if not isinstance(layer, keras.layers.Layer) or is_activation(layer):
        return False
    if isinstance(layer, NORMALIZATIONS):
        return False
    # Kinds that will have a kernel once they are built.
    return bool(layer.trainable_weights or (layer.weights and not _is_statistics(layer))) or (
        hasattr(layer, "kernel_initializer") or isinstance(layer, keras.layers.Embedding)
    )


def _is_statistics(layer: Any) -> bool:
    """Whether its weights are learned from no gradient: `Normalization`, `Standardize`, seeds."""
    return hasattr(layer, "adapt") or not any(
        keras.backend.is_float_dtype(weight.dtype) for weight in layer.weights
    )


def _linear(layer: Any) -> LayerFacts:
    kernel, bias = _values(layer, "kernel"), _values(layer, "bias")
    is_plain = kernel is not None and kernel.ndim >= 2 and hasattr(layer, "kernel")
    fans = _fans(layer, kernel) if kernel is not None and kernel.ndim >= 2 else None
    return LayerFacts(
        name=layer.name,
        kind=type(layer).__name__,
        units=_units(layer),
        activation=activation_name(getattr(layer, "activation", None)),
        fan_in=fans[0] if fans else None,
        kernel_std=None if kernel is None else float(np.std(kernel)),
        glorot_std=math.sqrt(2 / sum(fans)) if fans and is_plain else None,
        bias_mean=None if bias is None else float(np.mean(bias)),
        penalty=_penalty(layer),
        trainable=bool(layer.trainable),
    )


def _values(layer: Any, name: str) -> np.ndarray | None:
    """The layer's kernel or bias, or that of its cell."""
    for holder in (layer, getattr(layer, "cell", None)):
        try:
            variable = getattr(holder, name, None)
            if variable is not None and not callable(variable):
                return ops.convert_to_numpy(variable).astype("float64")
        except (AttributeError, TypeError, ValueError, NotImplementedError):
            return None  # not built yet, or a kernel that a custom layer computes
    return None


def _fans(layer: Any, kernel: np.ndarray) -> tuple[int, int]:
    """Inputs and outputs of one unit, of its receptive field."""
    if "Depthwise" in type(layer).__name__:
        field = int(np.prod(kernel.shape[:-2]))
        return field, field * kernel.shape[-1]
    if "Transpose" in type(layer).__name__:  # kernel (..., outputs, inputs)
        field = int(np.prod(kernel.shape[:-2]))
        return field * kernel.shape[-1], field * kernel.shape[-2]
    field = int(np.prod(kernel.shape[:-2]))
    return field * kernel.shape[-2], field * kernel.shape[-1]


def _units(layer: Any) -> int | None:
    for name in ("units", "filters", "output_dim"):
        value = getattr(layer, name, None)
        if isinstance(value, (int, np.integer)):
            return int(value)
    return None


def _penalty(layer: Any) -> float:
    """The factor of the sum of squares, or of absolute values, of the kernel."""
    regularizer = getattr(layer, "kernel_regularizer", None)
    strengths = [getattr(regularizer, name, 0.0) for name in ("l1", "l2")]
    own = getattr(regularizer, "strength", 0.0)  # this library's: strength / (2 m)
    strengths.append(own / (2 * getattr(regularizer, "num_examples", 1)))
    return max(float(np.max(ops.convert_to_numpy(strength))) for strength in strengths)


def _with_follower(layer: LayerFacts, follower: Any) -> LayerFacts:
    """Adds what a layer without weights does to it."""
    kind = type(follower).__name__
    if is_activation(follower) or not isinstance(follower, keras.layers.Layer):
        return _activated(layer, activation_name(follower))
    if isinstance(follower, NORMALIZATIONS):
        return dataclasses.replace(layer, normalized=True)
    layer = dataclasses.replace(layer, followed_by=(*layer.followed_by, kind))
    if isinstance(follower, keras.layers.Lambda):
        return _activated(layer, "custom")
    share = _dropped_share(follower)
    return layer if share is None else dataclasses.replace(layer, dropout=share)


def _activated(layer: LayerFacts, name: str) -> LayerFacts:
    if name == "linear":
        return layer
    earlier = () if layer.activation == "linear" else (layer.activation,)
    return dataclasses.replace(
        layer, activation=name, inner_activations=layer.inner_activations + earlier
    )


def _with_expected_std(layer: LayerFacts) -> LayerFacts:
    if layer.glorot_std is None or not layer.fan_in:
        return layer
    activation = keras.layers.Activation(_function(layer.activation))
    scale = kernel_initializer_for(activation, seed=0).scale  # a seed drawn would be the user's
    return dataclasses.replace(layer, expected_std=math.sqrt(scale / layer.fan_in))


def _function(name: str) -> Any:
    return "relu" if name == "prelu" else name if hasattr(keras.activations, name) else None
