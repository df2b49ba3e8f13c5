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
        config = _in_float64(keras.saving.serialize_keras_object(layer))
        copy = keras.saving.deserialize_keras_object(
            config, custom_objects=_custom_objects(layer), safe_mode=False
        )
        if not copy.built:
            copy(*(tree.map_structure(_symbolic, inputs) for inputs in example_inputs))
        if layer.built:
            copy.set_weights(layer.get_weights())
        _freeze_alike(layer, copy)
    except Exception as error:
        raise ValueError(
            f"`{layer.name}` must be copied from its config to be checked in float64, which "
            f"failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}. "
            "Give each custom layer a `get_config` with all of its arguments, or check the "
            "gradient of a plain function with `kr.check_gradients`."
        ) from error
    return copy


@contextlib.contextmanager
def float64_bench() -> Iterator[None]:
    """Keras in float64 inside the block; afterwards its settings and random states as before.

    Copying a model draws seeds for its initializers from Python's and NumPy's generators.
    """
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with backend.double_precision():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def as_float64(values: Any) -> Any:
    """Tensors of the arrays, floats widened to float64, integers and strings as they are."""

    def convert(array: Any) -> Any:
        array = ops.convert_to_numpy(array) if ops.is_tensor(array) else np.asarray(array)
        return ops.convert_to_tensor(array.astype("float64") if array.dtype.kind == "f" else array)

    return None if values is None else tree.map_structure(convert, values)


def _symbolic(array: Any) -> keras.KerasTensor:
    return keras.KerasTensor(array.shape, keras.backend.standardize_dtype(array.dtype))


def _freeze_alike(layer: keras.Layer, copy: keras.Layer) -> None:
    """What is frozen inside a layer or a subclassed model is not in its config."""
    pairs = [
        list(one._flatten_layers()) for one in (layer, copy)  # no public way to inner layers
    ]
    for ours, theirs in zip(*pairs, strict=True):  # outer layers first: they freeze inner ones
        theirs.trainable = ours.trainable
    for one, other in zip(layer.weights, copy.weights, strict=layer.built):
        other.trainable = one.trainable


def _in_float64(config: Any) -> Any:
    """The config in float64, every dtype and policy in it, and without how it was compiled."""
    if isinstance(config, dict):
        return {
            key: "float64" if key == "dtype" and _is_float(value) else _in_float64(value)
            for key, value in config.items()
            if key != "compile_config"
        }
    if isinstance(config, (list, tuple)):
        return type(config)(_in_float64(value) for value in config)
    return config


def _is_float(dtype: Any) -> bool:
    if isinstance(dtype, dict):  # a serialised DTypePolicy
        return _is_float(dtype.get("config", {}).get("name"))
    return dtype in _LOWER


def _custom_objects(layer: keras.Layer) -> dict[str, Any]:
    """Classes and functions that the layer holds and that Keras does not know by name."""
    found: dict[str, Any] = {}
    for value in _held_by(layer, set()):
        if (getattr(value, "__module__", None) or "keras").split(".")[0] == "keras":
            continue
        named = value if hasattr(value, "__name__") else type(value)
        found[named.__name__] = named
        found[keras.saving.get_registered_name(named)] = named
    return found


def _held_by(value: Any, seen: set[int]) -> Iterator[Any]:
    """Every layer, function and Keras object that can be reached from the attributes of one."""
    if id(value) in seen or isinstance(value, (keras.Variable, str, bytes, int, float)):
        return
    seen.add(id(value))
    if isinstance(value, (list, tuple, set)):
        inner = list(value)
    elif isinstance(value, dict):
        inner = list(value.values())
    elif isinstance(value, keras.Layer) or hasattr(value, "get_config"):
        yield value
        inner = list(getattr(value, "__dict__", {}).values())
    else:
        if callable(value) and hasattr(value, "__name__"):
            yield value
        return
    for item in inner:
        yield from _held_by(item, seen)
