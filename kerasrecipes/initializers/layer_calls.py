"""Seeing and changing what goes through a model's layers, without changing the model."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras

ATTENTION = (keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention)
# Layers that count as one: what they hold runs in a loop, or side by side.
_CLOSED = (
    keras.layers.RNN,
    keras.layers.Bidirectional,
    keras.layers.TimeDistributed,
    *ATTENTION,
)


@contextlib.contextmanager
def intercepted_calls(
    model: keras.Model, layers: Sequence[keras.Layer], handler: Callable
) -> Iterator[None]:
    """Routes each layer's `call` through `handler(layer, call, *args, **kwargs)` in the block.

    The handler decides what to call and what to return. Works in eager calls of any model:
    Sequential, functional or subclassed. Rematerialisation is off meanwhile, for it would call the
    handler again on the way back. The layers are as before when the block ends, also by an
    exception.
    """
    calls = [(layer, "call", functools.partial(handler, layer, layer.call)) for layer in layers]
    kept = [(layer, "_remat_mode", None) for layer in inner_layers(model)]
    with replaced_attributes([*calls, *kept]):
        yield


@contextlib.contextmanager
def replaced_attributes(
    replacements: Sequence[tuple[keras.Layer, str, Any]],
) -> Iterator[None]:
    """Gives attributes of layers other values in the block.

    Past Keras's tracking of attributes, so that nothing of it stays on the layers.
    """
    earlier = [
        (layer, name, name in vars(layer), vars(layer).get(name)) for layer, name, _ in replacements
    ]
    try:
        for layer, name, value in replacements:
            object.__setattr__(layer, name, value)
        yield
    finally:
        for layer, name, present, value in earlier:
            if present:
                object.__setattr__(layer, name, value)
            elif name in vars(layer):
                object.__delattr__(layer, name)


def inner_layers(layer: keras.Layer, enter: tuple[type, ...] = ()) -> Iterator[keras.Layer]:
    """The layer and all inside it, each once, without entering recurrent and attention layers.

    Args:
        layer: A layer or model.
        enter: Classes of these to enter all the same.
    """
    seen: set[int] = set()
    pending = [layer]
    while pending:
        current: Any = pending.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if not is_closed(current) or isinstance(current, enter):
            # Keras has no public list of the layers inside a layer that is not a model.
            pending.extend(current._flatten_layers(include_self=False, recursive=False))


def is_closed(layer: keras.Layer) -> bool:
    """Whether the layer counts as one: recurrent and attention layers, wrappers over time."""
    return isinstance(layer, _CLOSED)


def layer_name(model: keras.Model, layer: keras.Layer) -> str:
    """The layer's path inside the model, such as `"block/linear"`."""
    return (layer.path or layer.name).removeprefix(f"{model.name}/")
