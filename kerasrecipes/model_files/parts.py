"""What a saved model may be made of: Keras's own parts, and those that were registered."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

PACKAGES = (
    "activations",
    "constraints",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "quantizers",
    "random",
    "regularizers",
)
PUBLIC = frozenset(
    {"keras", "keras.ops.image", "keras.optimizers.schedules"}
    | {f"keras.{package}" for package in PACKAGES}
)
# Where classes without a public name lie; Keras takes only what can be saved from there.
PRIVATE = tuple(f"keras.src.{package}." for package in PACKAGES)
# Functions that build, load or save other objects, and compute nothing.
LOADERS = frozenset({"get", "serialize", "deserialize"})
WITHOUT_FUNCTIONS = frozenset({"keras", "keras.models"})
BUILTINS = "builtins"  # how Keras writes its activations, losses and metrics


def is_part(entry: dict[str, Any]) -> bool:
    """Whether an entry of a configuration names a part of models, that Keras may look up.

    Args:
        entry: With `class_name`, and `module`, `registered_name` and `config` where they are known.

    Example:
        >>> is_part({"module": "keras.layers", "class_name": "Dense", "config": {}})
        True
        >>> is_part({"module": "os", "class_name": "function", "config": "system"})
        False
    """
    module, name = entry.get("module"), entry["class_name"]
    is_function = name == "function"
    if is_function:
        name = entry.get("config")
    registered = name if is_function else entry.get("registered_name") or name
    if not all(isinstance(text, str) for text in (name, registered, module or "")):
        return False
    if _is_registered(registered):
        return True
    if module in (None, BUILTINS):
        return any(_is_public(package, name) for package in sorted(PUBLIC))
    if module in PUBLIC:
        return _is_public(module, name)
    return not is_function and module.startswith(PRIVATE)


def _is_registered(name: str) -> bool:
    import keras

    return keras.saving.get_registered_object(name) is not None


def _is_public(module: str, name: str) -> bool:
    if name in LOADERS:
        return False
    found = vars(importlib.import_module(module)).get(name)
    return inspect.isclass(found) or (inspect.isroutine(found) and module not in WITHOUT_FUNCTIONS)
