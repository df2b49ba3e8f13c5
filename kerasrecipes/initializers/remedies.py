"""Which initializer holds the scale of the signal at each kind of layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
from keras import layers

from kerasrecipes.initializers.layer_calls import ATTENTION, inner_layers

# By the activation that follows. Measured over 50 layers, as the test of this file does: the rates
# stay within 0.9 to 1.1.
_BY_ACTIVATION = {
    "relu": "He()",
    "relu6": "He()",
    "prelu": "He()",
    "elu": "He()",
    "softplus": "He()",
    "leaky_relu": "He(negative_slope=0.2)",  # the default of keras.activations.leaky_relu
    "tanh": "Xavier()",
    "softsign": "Xavier()",
    "selu": "Xavier()",
    "linear": "Xavier()",
}
# Their gain depends on the scale of what comes in: no formula holds, a measurement does.
_MEASURED = {"gelu", "silu", "swish", "mish"}
_SATURATED = {"sigmoid", "hard_sigmoid", "softmax"}
_ACTIVATION_LAYERS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
}
_DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
_SEPARABLE = (layers.SeparableConv1D, layers.SeparableConv2D)
_TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)


class Remedy(NamedTuple):
    """What holds the scale at layers of one kind.

    Attributes:
        layers: The kind and what follows it, such as `"Dense with relu"`.
        arguments: Arguments of the layer, in words of code, such as `"kernel_initializer=He()"`.
        also: What must be done besides, or `""`.
    """

    layers: str
    arguments: str
    also: str = ""

    def __str__(self) -> str:
        return f"{self.layers}: {self.arguments}{self.also and ', ' + self.also}"


def remedies(model: keras.Model, called: list[keras.Layer]) -> tuple[Remedy, ...]:
    """The remedy of each kind of layer, each once.

    Args:
        model: The model.
        called: Its layers with weights and its layers that are activations, in order of execution.

    Example:
        >>> model = keras.Sequential([layers.Dense(4, "relu"), layers.Dense(4), layers.LeakyReLU()])
        >>> print(*remedies(model, model.layers), sep="; ")
        Dense with relu: kernel_initializer=He();
        Dense with leaky_relu: kernel_initializer=He(negative_slope=0.3)
    """
    parents = {
        id(child): parent
        for parent in inner_layers(model)
        for child in parent._flatten_layers(include_self=False, recursive=False)
    }
    followers = [*called[1:], None]
    found = [
        _remedy(layer, *_activation(layer, parents.get(id(layer)), follower))
        for layer, follower in zip(called, followers, strict=True)
        if not is_activation(layer)
    ]
    return tuple(dict.fromkeys(found))


def is_activation(layer: keras.Layer) -> bool:
    """Whether the layer is nothing but an activation function."""
    return isinstance(layer, layers.Activation) or type(layer).__name__ in _ACTIVATION_LAYERS


def _activation(layer: Any, parent: Any, follower: Any) -> tuple[str, Any]:
    """Name and slope of the function that the layer's output goes through first."""
    for holder in (layer, parent, follower):
        if isinstance(holder, keras.Layer) and is_activation(holder):
            return _of_activation_layer(holder)
        activation = getattr(holder, "activation", None) if holder is not follower else None
        if isinstance(activation, keras.Layer):
            return _of_activation_layer(activation)
        if activation is not None and activation is not keras.activations.linear:
            return getattr(activation, "__name__", type(activation).__name__).lower(), None
    return "linear", None


def _of_activation_layer(layer: Any) -> tuple[str, Any]:
    name = _ACTIVATION_LAYERS.get(type(layer).__name__) or layer.activation.__name__
    return name, getattr(layer, "negative_slope", None)


def _remedy(layer: Any, activation: str, slope: Any) -> Remedy:
    kind = type(layer).__name__
    if isinstance(layer, layers.Embedding):
        return Remedy(kind, "embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0)")
    if isinstance(layer, (layers.RNN, layers.Bidirectional)):
        return Remedy(kind, "kernel_initializer=Xavier(), recurrent_initializer='orthogonal'")
    if isinstance(layer, ATTENTION):
        return Remedy(kind, "kernel_initializer=Xavier()")
    also = ""
    if activation in _SATURATED:
        also = f"and tanh instead of {activation}, whose slope is at most 1/4"
    elif activation in _MEASURED:
        also = "then unit_variance(model, x)"
    default = "Xavier()" if activation in _SATURATED else "He()"
    initializer = _BY_ACTIVATION.get(activation, default)
    if activation == "leaky_relu" and slope is not None:
        initializer = f"He(negative_slope={float(slope):g})"
    return Remedy(f"{kind} with {activation}", ", ".join(_arguments(layer, initializer)), also)


def _arguments(layer: Any, initializer: str) -> Iterator[str]:
    """Each kernel's argument; where the kernel's shape does not tell `n_in`, with its axes."""
    if isinstance(layer, _SEPARABLE):
        yield f"depthwise_initializer={_with_axes('Xavier()', range(layer.rank))}"
        yield f"pointwise_initializer={initializer}"
    elif isinstance(layer, _DEPTHWISE):
        yield f"depthwise_initializer={_with_axes(initializer, range(layer.rank))}"
    elif isinstance(layer, _TRANSPOSED):
        yield f"kernel_initializer={_with_axes(initializer, [*range(layer.rank), layer.rank + 1])}"
    elif isinstance(layer, layers.EinsumDense):
        yield f"kernel_initializer={_with_axes(initializer, _summed(layer.equation))}"
    else:
        yield f"kernel_initializer={initializer}"


def _with_axes(initializer: str, axes: Any) -> str:
    start = initializer.removesuffix(")")
    return f"{start}{'' if start.endswith('(') else ', '}input_axes={tuple(axes)})"


def _summed(equation: str) -> list[int]:
    inputs, output = equation.split("->")
    return [axis for axis, letter in enumerate(inputs.split(",")[1]) if letter not in output]
