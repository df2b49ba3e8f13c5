"""A float64 copy of a layer or a model, with its weights, and the bench it is examined on."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes import backend
from kerasrecipes.gradients.custom_objects import custom_classes, functions_by_name

_LOWER = {"float32", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16"}


def float64_copy(layer: keras.Layer, *example_inputs: Any) -> keras.Layer:
    """Copies a layer or a model from its config, in float64, with its weights and not compiled.

    Runs inside `backend.double_precision()`. Custom layers and functions need not be registered.

    Args:
        layer: A built layer, or a functional, sequential or subclassed model.
        example_inputs: One small batch, to build what is not built by its config.

    Raises:
        ValueError: If the config does not bring back the same weights.
    """
    try:
        with _not_compiled(layer), functions_by_name(layer) as functions:
            config = _in_float64(keras.saving.serialize_keras_object(layer))
            if layer.built:  # its weights follow: to draw them would take longer than all the rest
                config = _with_zeros(config)
            custom_objects = {**custom_classes(layer), **functions}
        copy = keras.saving.deserialize_keras_object(
            config, custom_objects=custom_objects, safe_mode=False
        )
        if not copy.built:
            copy(*(tree.map_structure(_symbolic, inputs) for inputs in example_inputs))
        if layer.built:
            copy.set_weights(layer.get_weights())
        _widen(copy)
        _align(layer, copy)
    except Exception as error:
        raise ValueError(
            f"`{layer.name}` must be copied from its config to be checked in float64, which "
            f"failed: {type(error).__name__}: {_cause(error)} "
            "Give each custom layer a `get_config` with all of its arguments, or check the "
            "gradient of a plain function with `kr.check_gradients`."
        ) from error
    return copy


@contextlib.contextmanager
def float64_bench() -> Iterator[None]:
    """Keras in float64 on one device inside the block; afterwards all settings are as before.

    So are random states: copying a model draws seeds from Python's and NumPy's generators.
    """
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with backend.on_one_device(), backend.double_precision():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def as_float64(values: Any) -> Any:
    """Tensors of the arrays, floats widened to float64, integers and strings as they are."""

    def convert(array: Any) -> Any:
        if array is None:
            return None
        array = ops.convert_to_numpy(array) if ops.is_tensor(array) else np.asarray(array)
        return ops.convert_to_tensor(array.astype("float64") if array.dtype.kind == "f" else array)

    return tree.map_structure(convert, values)


def _symbolic(array: Any) -> keras.KerasTensor:
    return keras.KerasTensor(array.shape, keras.backend.standardize_dtype(array.dtype))


def _cause(error: Exception) -> str:
    """The last thing that Keras says went wrong, without the configs that it quotes."""
    text = " ".join(str(error).split("Exception encountered:")[-1].split())
    return f"{text[:300].rstrip('.')}."


@contextlib.contextmanager
def _not_compiled(layer: keras.Layer) -> Iterator[None]:
    """Keeps losses, metrics and optimizers, which need not have a config, out of the config."""
    inner = layer._flatten_layers(include_self=True)  # no public way to inner layers
    models = [one for one in inner if getattr(one, "compiled", False) is True]
    try:
        for model in models:
            model.compiled = False
        yield
    finally:
        for model in models:
            model.compiled = True


def _widen(copy: keras.Layer) -> None:
    """Makes float64 of what no config tells: weights created in float32, as LoRA's, whatever the
    layer's dtype, and tensors that a regulariser holds, as TensorFlow makes them of numbers."""
    for variable in copy.variables:
        if variable.dtype in _LOWER:
            value = ops.cast(ops.convert_to_numpy(variable), "float64")
            variable._dtype = "float64"  # no public way to another dtype: a new value at its place
            variable._initialize(value)
    regularizers = [variable.regularizer for variable in copy.variables]
    regularizers += [one.activity_regularizer for one in copy._flatten_layers()]
    for regularizer in regularizers:
        if isinstance(regularizer, keras.regularizers.Regularizer):
            for name, value in vars(regularizer).items():
                if ops.is_tensor(value):
                    setattr(regularizer, name, as_float64(value))


def _align(layer: keras.Layer, copy: keras.Layer) -> None:
    """Freezes in the copy what is frozen inside of the layer: that is not in its config."""
    pairs = [list(one._flatten_layers()) for one in (layer, copy)]
    for ours, theirs in zip(*pairs, strict=True):  # outer layers first: they freeze inner ones
        theirs.trainable = ours.trainable
    if layer.built:
        for one, other in zip(layer.weights, copy.weights, strict=True):
            other.trainable = one.trainable


def _in_float64(config: Any) -> Any:
    """The config with every floating-point dtype and policy replaced by float64."""
    if isinstance(config, dict):
        return {
            key: "float64" if key == "dtype" and _is_float(value) else _in_float64(value)
            for key, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        return type(config)(_in_float64(value) for value in config)
    return config


def _with_zeros(config: Any) -> Any:
    """The config with every initializer of Keras's own replaced by zeros."""
    if isinstance(config, dict):
        if config.get("module") == "keras.initializers":
            return {**config, "class_name": "Zeros", "config": {}}
        return {key: _with_zeros(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(_with_zeros(value) for value in config)
    return config


def _is_float(dtype: Any) -> bool:
    if isinstance(dtype, dict):  # a serialised DTypePolicy
        return _is_float(dtype.get("config", {}).get("name"))
    return dtype in _LOWER
