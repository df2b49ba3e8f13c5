"""Which initializer suits the activations of a model."""

from __future__ import annotations

from collections import Counter
from typing import Any

import keras

from kerasrecipes.initializers.layer_calls import inner_layers

# Activations that pass about half of the signal's power, as ReLU does.
_RELU_LIKE = {"relu", "relu6", "elu", "gelu", "silu", "swish", "mish", "prelu"}


def matching_initializer(model: keras.Model) -> str:
    """The initializer, in words of code, for the most frequent hidden activation.

    `He()` for ReLU and its like, `He(negative_slope=a)` for leaky ReLU, else `Xavier()`.

    Example:
        >>> layers = [keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)]
        >>> matching_initializer(keras.Sequential(layers))
        'He()'
    """
    found = Counter(choice for choice in map(_choice, inner_layers(model)) if choice is not None)
    return found.most_common(1)[0][0] if found else "Xavier()"


def _choice(layer: keras.Layer) -> str | None:
    slope = getattr(layer, "negative_slope", None)
    name = _name(getattr(layer, "activation", None)) or type(layer).__name__.lower()
    if isinstance(slope, (int, float)) and slope > 0:
        return f"He(negative_slope={slope:g})"
    if name == "leaky_relu":
        return "He(negative_slope=0.2)"  # the default of keras.activations.leaky_relu
    if name in _RELU_LIKE:
        return "He()"
    return "Xavier()" if name in {"tanh", "sigmoid", "selu", "softsign"} else None


def _name(activation: Any) -> str | None:
    if activation is None:
        return None
    return getattr(activation, "__name__", type(activation).__name__).lower()
