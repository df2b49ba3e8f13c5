"""The functions and classes of a user's own that a model holds, by name."""

from __future__ import annotations

import contextlib
import types
from collections.abc import Iterator
from typing import Any

import keras


@contextlib.contextmanager
def functions_by_name(layer: keras.Layer) -> Iterator[dict[str, Any]]:
    """Gives each function of the layer's own a name of its own, lambdas too, inside the block.

    Keras writes a function into a config as its name, and the code alone of a lambda.
    """
    held = [value for value in _held_by(layer, set()) if isinstance(value, types.FunctionType)]
    own = [
        f for f in held if not _is_known(f) and keras.saving.get_registered_name(f) == f.__name__
    ]
    names = [function.__name__ for function in own]
    try:
        for number, function in enumerate(own):
            function.__name__ = f"function_{number}"
        yield {function.__name__: function for function in own}
    finally:
        for function, name in zip(own, names, strict=True):
            function.__name__ = name


def custom_classes(layer: keras.Layer) -> dict[str, Any]:
    """Classes of the objects that the layer holds and that Keras does not know by name."""
    found: dict[str, Any] = {}
    for value in _held_by(layer, set()):
        kind = value if isinstance(value, (types.FunctionType, type)) else type(value)
        if _is_known(kind):
            continue
        name = keras.saving.get_registered_name(kind)
        if found.setdefault(name, kind) is not kind:
            raise ValueError(
                f"two different classes have the name {name!r}, which a config cannot tell apart; "
                "rename one or register both with keras.saving.register_keras_serializable"
            )
        found[kind.__name__] = kind
    return found


def _is_known(value: Any) -> bool:
    return (getattr(value, "__module__", None) or "keras").split(".")[0] == "keras"


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
