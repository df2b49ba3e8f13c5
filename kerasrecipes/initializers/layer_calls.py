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
def intercepted_calls(layers: Sequence[keras.Layer], handler: Callable) -> Iterator[None]:
    """Routes each layer's `call` through `handler(layer, call, *args, **kwargs)` in the block.

    The handler decides what to call and what to return. Works in eager calls of any model:
    Sequential, functional or subclassed. The layers are as before when the block ends, also by
    an exception.
    """
    earlier = [(layer, vars(layer).get("call")) for layer in layers]
    try:
        for layer in layers:
            # Past Keras's tracking of attributes, so that nothing of it stays on the layer.
            object.__setattr__(layer, "call", functools.partial(handler, layer, layer.call))
        yield
    finally:
        for layer, call in earlier:
            if call is not None:
                object.__setattr__(layer, "call", call)
            elif "call" in vars(layer):
                object.__delattr__(layer, "call")


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


def as_tensors(x: Any) -> Any:
    """The arrays of a nested structure as tensors."""
    return keras.tree.map_structure(keras.ops.convert_to_tensor, x)
