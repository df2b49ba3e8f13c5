"""What goes through the layers of a model: dead and saturated units, where NaN arises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes.diagnosis.trace import Units
from kerasrecipes.initializers.layer_calls import intercepted_calls

SATURATED = {"sigmoid": (0.01, 0.99), "tanh": (-0.98, 0.98)}  # where the slope is below 4 %
_RECTIFIERS = ("relu", "relu6")


def unit_states(model: keras.Model, x: Any) -> dict[str, Units]:
    """Dead and saturated shares of units by layer, on one batch.

    A unit of a ReLU is dead if it is 0 for every example; sigmoid and tanh are saturated for an
    example where their slope is below 4 % of the largest. The last layer does not count: a sure
    answer is no fault.

    Args:
        model: Any; called once, in inference mode.
        x: Tensors of one batch, nested as the model takes them.

    Returns:
        By the name of the layer that ends in the activation; layers of other activations are left
        out.
    """
    hidden = list(_outputs(model, x))[:-1]
    return {
        layer.name: _units(_activation(layer), output)
        for layer, output in hidden
        if _activation(layer)
    }


def first_not_finite(model: keras.Model, x: Any) -> str | None:
    """The name of the first layer whose output holds NaN or infinity; None if there is none."""
    for layer, output in _outputs(model, x):
        if output.dtype.kind == "f" and not np.isfinite(output).all():
            return layer.name
    return None


def _outputs(model: keras.Model, x: Any) -> Iterator[tuple[keras.Layer, np.ndarray]]:
    """Each innermost layer with its output, in the order of the calls."""
    layers = list(model._flatten_layers(include_self=False))  # no public way to inner layers
    layers = [one for one in layers if not list(one._flatten_layers(include_self=False))]
    seen: list[tuple[keras.Layer, Any]] = []

    def note(layer, call, *args, **kwargs):
        output = call(*args, **kwargs)
        seen.append((layer, tree.flatten(output)[0]))
        return output

    with intercepted_calls(model, layers, note):
        model(x, training=False)
    for layer, output in seen:
        yield layer, ops.convert_to_numpy(output)


def _activation(layer: keras.Layer) -> str:
    if isinstance(layer, keras.layers.ReLU):
        return "relu"
    name = getattr(getattr(layer, "activation", None), "__name__", "")
    return name if name in (*_RECTIFIERS, *SATURATED) else ""


def _units(activation: str, output: np.ndarray) -> Units:
    flat = output.reshape(-1, output.shape[-1])
    if activation in _RECTIFIERS:
        return Units(dead=_dead(flat) / flat.shape[1], saturated=0.0)
    low, high = SATURATED[activation]
    return Units(dead=0.0, saturated=float(((flat < low) | (flat > high)).mean()))


def _dead(flat: np.ndarray) -> int:
    """How many columns are nowhere above 0: most are, in the first few rows."""
    silent, start, rows = np.arange(flat.shape[1]), 0, 64
    while len(silent) and start < len(flat):
        silent = silent[(flat[start : start + rows, silent] <= 0).all(axis=0)]
        start, rows = start + rows, 4 * rows
    return len(silent)
