"""A copy of a user's model, compiled as it is, and nothing of the user's changed by it."""

from __future__ import annotations

import contextlib
import inspect
import random
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from kerasrecipes import backend


class CannotCopyError(ValueError):
    """The model cannot be rebuilt from its config; the message says why."""


def model_copy(
    model: keras.Model,
    change: Callable[[keras.Layer], keras.Layer] | None = None,
    example: Any = None,
) -> keras.Model:
    """A copy from the config, not compiled; with the same weights if the layers are not changed.

    Args:
        model: Sequential, functional, or with a `get_config` of its own.
        change: Gives the layer that stands for each layer in the copy, inner models' layers
            included; only for sequential and functional models. The weights are fresh then.
        example: Tensors of one example or more, to build what its config does not build.

    Raises:
        CannotCopyError: If the copy cannot be built.
    """
    try:
        with _uncompiled(model), keras.saving.custom_object_scope(_own_objects(model)):
            if change is not None:
                return keras.models.clone_model(model, clone_function=change, recursive=True)
            copy = keras.models.clone_model(model)
        if not copy.built and example is not None:
            copy(example, training=False)
        if model.built and [w.shape for w in copy.weights] != [w.shape for w in model.weights]:
            raise ValueError("its config brings back other weights.")
        copy_weights(model, copy)
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        raise CannotCopyError(
            f"`model` must be rebuilt from its config to be trained aside. "
            f"Received: {type(model).__name__}, {type(error).__name__}: {text} "
            "Give it a `get_config`, or use a Sequential or functional model."
        ) from error
    for ours, theirs in zip(_layers(model), _layers(copy), strict=False):
        theirs.trainable = ours.trainable
    return copy


def compile_as(
    copy: keras.Model,
    model: keras.Model,
    *,
    optimizer: keras.optimizers.Optimizer | None = None,
    loss: Any = None,
) -> None:
    """Compiles a copy with the model's settings, without metrics, and builds its optimizer.

    Args:
        copy: From `model_copy`.
        model: Compiled.
        optimizer: Instead of the model's; it must not be in use.
        loss: Instead of the model's.
    """
    weights = None if loss is not None else _loss_weights(model)
    copy.compile(
        optimizer=optimizer or optimizer_copy(model.optimizer),
        loss=model.loss if loss is None else loss,
        loss_weights=weights,
        metrics=[],  # None would keep those that a clone brings along
    )
    copy.optimizer.build(copy.trainable_variables)


def optimizer_copy(
    optimizer: keras.optimizers.Optimizer, **changes: Any
) -> keras.optimizers.Optimizer:
    """A fresh optimizer of the same settings, some of them changed."""
    return type(optimizer).from_config({**optimizer.get_config(), **changes})


def copy_weights(model: keras.Model, copy: keras.Model) -> None:
    """Gives the copy the model's weights, where their shapes agree, in memory of its own."""
    for ours, theirs in zip(model.weights, copy.weights, strict=False):
        if ours.shape == theirs.shape:
            theirs.assign(np.array(keras.ops.convert_to_numpy(ours)))


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Python's and NumPy's random states after the block as before it; one device inside it.

    Layers that are built draw the seeds of their initializers from them.
    """
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with backend.on_one_device():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


@contextlib.contextmanager
def _uncompiled(model: keras.Model) -> Iterator[None]:
    """Keras would compile a clone by names, and a loss or metric of the user's own has none."""
    compiled = model.compiled
    model.compiled = False
    try:
        yield
    finally:
        model.compiled = compiled


def _own_objects(model: keras.Model) -> dict[str, Any]:
    """The user's own classes and functions in the layers, which Keras looks up by their names."""
    found: dict[str, Any] = {}
    for layer in _layers(model):
        for value in (layer, *vars(layer).values()):
            kind = value if inspect.isfunction(value) else type(value)
            module = getattr(kind, "__module__", "") or ""
            is_object = inspect.isfunction(value) or hasattr(kind, "get_config")
            if is_object and module.partition(".")[0] != "keras":
                found[kind.__name__] = kind
    return found


def _layers(model: keras.Model) -> list[keras.Layer]:
    return list(model._flatten_layers())  # no public way to inner layers


def _loss_weights(model: keras.Model) -> Any:
    return model.get_compile_config().get("loss_weights") if model.loss else None
