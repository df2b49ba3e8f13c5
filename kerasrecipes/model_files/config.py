"""The configuration of a saved model: what it would have Keras look up and call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kerasrecipes.data import DataError
from kerasrecipes.model_files.parts import is_part

# They hold Python code, or a whole program of another kind.
CODE = frozenset({"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"})
CODE_VALUES = frozenset({"__lambda__", "__typespec__"})
PLAIN_VALUES = frozenset(
    {"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"}
)
# Entries of lookup layers that may be a list, or the path of a file to read.
READ_FROM_PATHS = ("vocabulary", "idf_weights")


def check_config(text: bytes, file: str, *, allow_code: bool = False) -> None:
    """Refuses a configuration that names anything but parts of models.

    Every object in it must be a layer, loss, optimizer, ... of Keras, a function that Keras has for
    them, or what was registered by `keras.saving.register_keras_serializable`. Nothing is imported.

    Args:
        text: JSON, as it stands in the file.
        file: Name of the file, for the message.
        allow_code: Bool. Whether objects that hold Python code, and paths, may stay.

    Raises:
        DataError: If it names something else, holds code, or reads another file.
    """
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"`{file}` has a configuration that is no JSON ({error}).") from error
    for entry in _objects(config):
        name = entry["class_name"]
        if not isinstance(name, str):
            raise DataError(f"`{file}` names an object by {type(name).__name__}, and not by text.")
        if name in CODE | CODE_VALUES:
            if not allow_code:
                raise DataError(_holds_code(file, name))
        elif name not in PLAIN_VALUES and not is_part(entry):
            raise DataError(_no_part(file, entry))
        if not allow_code:
            _check_paths(entry, file)


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Every entry that names a class, at any depth."""
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _check_paths(entry: dict[str, Any], file: str) -> None:
    inside = entry.get("config")
    if not isinstance(inside, dict):
        return
    for name in READ_FROM_PATHS:
        if isinstance(inside.get(name), str):
            raise DataError(
                f"`{file}` would read `{inside[name]}` as the {name} of `{entry['class_name']}`, a "
                "file outside the model: do not trust it, or allow it with --allow-code."
            )


def _holds_code(file: str, name: str) -> str:
    shown = "a Python function" if name in CODE_VALUES else f"a layer `{name}`"
    return (
        f"`{file}` holds {shown}, which runs code from the file: if you trust who wrote it, allow "
        "it with --allow-code (`allow_code=True`)."
    )


def _no_part(file: str, entry: dict[str, Any]) -> str:
    what = entry.get("config") if entry["class_name"] == "function" else entry["class_name"]
    where = entry.get("module") or entry.get("registered_name") or "(no module)"
    return (
        f"`{file}` names `{where}`, `{str(what)[:80]}`, which is no part of a Keras model that is "
        "known here: it is not imported. A class of your own must be registered with Keras first."
    )
