"""One pass forward and one backward through a model, with what its layers gave noted."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes import backend
from kerasrecipes.initializers.layer_calls import inner_layers, intercepted_calls, is_closed
from kerasrecipes.initializers.remedies import is_activation


class Call(NamedTuple):
    """A call of a layer with a matrix of weights."""

    layer: keras.Layer
    activation: np.ndarray
    gradient: np.ndarray
    is_output: bool


class SignalTrace(NamedTuple):
    """What one pass saw.

    Attributes:
        calls: Of layers with a matrix of weights, in order.
        order: These layers and those that are activations, in order.
        normalized: Whether batch norm was on the way.
    """

    calls: list[Call]
    order: list[keras.Layer]
    normalized: bool


def trace_signal(model: keras.Model, x: Any, cost: Callable) -> SignalTrace:
    """Runs the model on `x`, without dropout, batch norm on the statistics of `x`.

    Args:
        model: A built model; left untouched.
        x: Tensors that fit it.
        cost: Takes the model's outputs, returns a scalar tensor.
    """
    passed: list[tuple[keras.Layer, list]] = []  # layers and the marked tensors they gave
    last: set[int] = set()

    def cost_through(mark: Callable) -> Any:
        handler = functools.partial(_note, passed, mark)
        with (
            intercepted_calls(model, list(_noted(model)), handler),
            keras.StatelessScope(collect_losses=True),
        ):
            predictions = model(x, training=False)
            last.update(map(id, tree.flatten(predictions)))
            return cost(predictions)

    _, activations, gradients = backend.value_and_gradients_at(cost_through)
    scales = zip(map(_array, activations), map(_array, gradients), strict=True)
    calls = []
    for layer, tensors in passed:
        if tensors:
            pairs = list(itertools.islice(scales, len(tensors)))
            gradient = max((pair[1] for pair in pairs), key=std)  # it may come by the state alone
            calls.append(Call(layer, pairs[0][0], gradient, bool(last & set(map(id, tensors)))))
    order = [layer for layer, _ in passed if not _is_norm(layer)]
    return SignalTrace(calls, order, any(_is_norm(layer) for layer, _ in passed))


def _note(passed: list, mark: Callable, layer: Any, call: Callable, *args, **kwargs) -> Any:
    if _is_norm(layer):
        passed.append((layer, []))
        return call(*args[:1], **kwargs | {"training": True})
    result = call(*args, **kwargs)
    if is_activation(layer):
        passed.append((layer, []))
        return result
    leaves = [mark(leaf) if is_float(leaf) else leaf for leaf in tree.flatten(result)]
    passed.append((layer, [leaf for leaf in leaves if is_float(leaf)]))
    return tree.pack_sequence_as(result, leaves)


def _noted(model: keras.Model) -> Iterator[keras.Layer]:
    for layer in inner_layers(model):
        if is_closed(layer) or is_activation(layer) or _is_norm(layer) or _owns_matrix(layer):
            yield layer


def _is_norm(layer: keras.Layer) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization)


def _owns_matrix(layer: keras.Layer) -> bool:
    inner = layer._flatten_layers(include_self=False, recursive=False)
    foreign = {id(weight) for part in inner for weight in part.weights}
    return any(
        len(weight.shape) >= 2 and is_float(weight) and id(weight) not in foreign
        for weight in layer.weights
    )


def is_float(tensor: Any) -> bool:
    """Whether it is a floating-point tensor or variable."""
    dtype = getattr(tensor, "dtype", None)
    return dtype is not None and keras.backend.is_float_dtype(
        keras.backend.standardize_dtype(dtype)
    )


def _array(tensor: Any) -> np.ndarray:
    wide = keras.backend.standardize_dtype(tensor.dtype) == "bfloat16"
    return ops.convert_to_numpy(ops.cast(tensor, "float32") if wide else tensor)


def std(values: np.ndarray) -> float:
    """The standard deviation of all numbers; infinite if one of them is not finite."""
    return float(values.std(dtype="float64")) if np.all(np.isfinite(values)) else math.inf
