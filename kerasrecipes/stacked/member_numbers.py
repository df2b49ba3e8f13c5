"""The numbers in which models of one structure may differ: found, read, and put in their place."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops

from kerasrecipes.stacked.member_value import MemberValue

DROPOUTS = (
    layers.Dropout,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.SpatialDropout3D,
)


class MemberNumber(NamedTuple):
    """Where such a number is kept: an attribute of an object inside the model."""

    holder: Any
    attribute: str


def member_numbers(model: keras.Model) -> list[MemberNumber]:
    """The numbers of a built model in which others of its structure may differ, in a fixed order.

    The rates of dropout layers that drop something, and every number of a regularizer of weights or
    activations. Those of the optimizer are apart (`StackedOptimizer`).
    """
    found = [
        MemberNumber(layer, "rate")
        for layer in _layers(model)
        if isinstance(layer, DROPOUTS) and _drops_plainly(layer) and layer.rate > 0
    ]
    for regularizer in regularizers_of(model):
        found += [MemberNumber(regularizer, name) for name in number_names(regularizer)]
    return found


def regularizers_of(model: keras.Model) -> list[Any]:
    """Those of activations and trainable weights, each once, in a fixed order."""
    every = [getattr(layer, "activity_regularizer", None) for layer in _layers(model)]
    every += [variable.regularizer for variable in model.trainable_variables]
    return list({id(each): each for each in every if each is not None}.values())


def number_names(regularizer: Any) -> list[str]:
    """The attributes of a regularizer that are numbers."""
    values = getattr(regularizer, "__dict__", {})
    return sorted(name for name, value in values.items() if _is_number(value))


def read_numbers(numbers: Sequence[MemberNumber]) -> np.ndarray:
    """Their values, float32 of shape `(numbers,)`."""
    return np.array([getattr(holder, name) for holder, name in numbers], "float32")


@contextlib.contextmanager
def put_numbers(numbers: Sequence[MemberNumber], tensors: Sequence[Any]) -> Iterator[None]:
    """Sets them to tensors of one member inside the block, and back after it."""
    before = [getattr(holder, name) for holder, name in numbers]
    try:
        for (holder, name), tensor in zip(numbers, tensors, strict=True):
            if isinstance(holder, DROPOUTS):
                holder.call = _dropout(holder, tensor)
            else:
                setattr(holder, name, MemberValue(tensor))
        yield
    finally:
        for (holder, name), value in zip(numbers, before, strict=True):
            if isinstance(holder, DROPOUTS):
                vars(holder).pop("call", None)
            else:
                setattr(holder, name, value)


def _dropout(layer: keras.Layer, rate: Any) -> Callable:
    """The layer's `call` with a tensor as rate, which TensorFlow's own dropout refuses."""

    def call(inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        shape = [*ops.shape(inputs)]
        if hasattr(layer, "_get_noise_shape"):  # the spatial ones; not public
            shape = layer._get_noise_shape(inputs)
        elif layer.noise_shape is not None:
            given = zip(layer.noise_shape, shape, strict=True)
            shape = [size if one is None else one for one, size in given]
        drawn = keras.random.uniform(shape, dtype=inputs.dtype, seed=layer.seed_generator)
        scale = ops.cast(1.0 / (1.0 - rate), inputs.dtype)
        return ops.where(drawn >= ops.cast(rate, inputs.dtype), inputs * scale, 0)

    return call


def _drops_plainly(layer: keras.Layer) -> bool:
    """Whether it is not a class of the user's own that drops in another way."""
    return type(layer).__module__.partition(".")[0] in ("keras", "kerasrecipes")


def _layers(model: keras.Model) -> list[keras.Layer]:
    return list(model._flatten_layers(include_self=False))  # no public way to layers in blocks


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    return is_number and not isinstance(value, bool)
