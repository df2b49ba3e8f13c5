"""The name of an activation, however it was given."""

from __future__ import annotations

from typing import Any

import keras

KNOWN = frozenset(
    name for name in vars(keras.activations) if name.islower() and name not in ("get",)
) - {"serialize", "deserialize"}
# Their names in other places: TensorFlow's functions, Keras's aliases.
_ALIASES = {"swish": "silu", "softmax_v2": "softmax", "hard_swish": "hard_silu"}
_LAYERS = {
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
    "Hardmax": "hardmax",
}


def activation_name(activation: Any) -> str:
    """Names a function, a string, a layer or None.

    Args:
        activation: As a layer has it: a function, a name, an activation layer, or None.

    Returns:
        Keras's name of it, such as `"relu"`; `"linear"` for none; `"custom"` for a lambda or a
        function that Keras does not know.

    Example:
        >>> activation_name(keras.activations.relu), activation_name(None)
        ('relu', 'linear')
        >>> activation_name(keras.layers.ReLU(max_value=6)), activation_name(lambda z: z**2)
        ('relu6', 'custom')
    """
    if activation is None:
        return "linear"
    if isinstance(activation, keras.layers.Layer):
        return _layer_name(activation)
    name = activation if isinstance(activation, str) else getattr(activation, "__name__", "custom")
    name = _ALIASES.get(name, name)
    return name if name in KNOWN else "custom"


def is_activation(layer: Any) -> bool:
    """Whether the layer is an activation and nothing else."""
    return type(layer).__name__ in (*_LAYERS, "ReLU", "Activation")


def _layer_name(layer: Any) -> str:
    kind = type(layer).__name__
    if kind == "Activation":
        return activation_name(layer.activation)
    if kind == "ReLU":
        if layer.negative_slope:
            return "leaky_relu"
        return "relu6" if layer.max_value == 6 else "relu"
    return _LAYERS.get(kind, "custom")
