"""What must be the same for a fit to go on where another broke off."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes import backend
from kerasrecipes.callbacks.callback_states import has_state
from kerasrecipes.callbacks.running_fit import RunningFit

ROWS = 64  # of an array, evenly spread, that are compared
NO_CONFIG = (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError)
SETTINGS = (
    "batch_size",
    "shuffle",
    "class_weight",
    "initial_epoch",
    "steps_per_epoch",
    "validation_steps",
    "validation_batch_size",
    "validation_freq",
)
NOT_COMPARED = ("name", "registered_name", "shared_object_id", "build_config", "build_input_shape")
UNTOLD = ("run", "config")  # parts of the place of a difference that say nothing
MOST_NAMED = 5

Facts = dict[str, Any]


def run_facts(model: keras.Model, running: RunningFit) -> Facts:
    """What a fit computes and on what, as plain values.

    Names are left out, for Keras numbers them through a process. Of arrays 64 rows are read. How
    many epochs to train is not part of it: a run may be prolonged.

    Args:
        model: Compiled.
        running: Its running `fit`.

    Returns:
        Dict of plain values, ready for JSON.
    """
    given = running.given
    facts = {
        "seed": backend.random_seed(),
        "model": _model_facts(model),
        **_compile_facts(model),
        "callbacks": [type(each).__name__ for each in running.callbacks if has_state(each)],
        "fit": {name: _plain(given.get(name), {}) for name in SETTINGS},
        "data": {
            "batches": _plain(getattr(given.get("epoch_iterator"), "num_batches", None), {}),
            "x": _data_facts(given["x"]),
            "y": _data_facts(given.get("y")),
            "sample_weight": _data_facts(given.get("sample_weight")),
            "validation": _data_facts(given.get("validation_data")),
        },
    }
    return json.loads(json.dumps(facts))  # tuples as lists, as they come back from a file


def differences(before: Facts, now: Facts) -> list[str]:
    """What is not the same, in words: "model layers 1 units was 32 and is 64".

    At most five are named; a last line tells of more.
    """
    found = list(_differing("", before, now))
    if len(found) > MOST_NAMED:
        more = f"and {len(found) - MOST_NAMED} more"
        return [*found[:MOST_NAMED], more]
    return found


def _model_facts(model: keras.Model) -> Any:
    layers = model._flatten_layers()  # there is no public way to layers inside blocks
    numbers = {layer.name: f"#{number}" for number, layer in enumerate(layers)}
    facts: Facts = {"class": type(model).__name__}
    try:
        facts |= _plain(model.get_config(), numbers)
    except NO_CONFIG:  # a subclass of the user's own need not tell how it is made
        facts["layers"] = [type(layer).__name__ for layer in layers]
    if model.built:
        facts["variables"] = [[list(v.shape), str(v.dtype)] for v in model.weights]
    return facts


def _compile_facts(model: keras.Model) -> Facts:
    facts: Facts = {
        "steps_per_execution": model.steps_per_execution,
        "jit_compile": bool(model.jit_compile),
        "run_eagerly": bool(model.run_eagerly),
    }
    if model.optimizer is not None:
        config = _plain(model.optimizer.get_config(), {})
        facts["optimizer"] = {"class": type(model.optimizer).__name__, **config}
    try:
        config = model.get_compile_config()
    except NO_CONFIG:
        return facts
    for name in ("loss", "loss_weights", "metrics", "weighted_metrics"):
        facts[name] = _plain((config or {}).get(name), {})
    return facts


def _data_facts(data: Any) -> Any:
    if data is None:
        return None
    if isinstance(data, (list, tuple, dict)) or hasattr(data, "shape"):
        return [_array_facts(array) for array in tree.flatten(data)]
    facts: Facts = {"class": type(data).__name__}
    if hasattr(data, "element_spec"):
        facts["batches of"] = re.sub(r"name=\S*", "", str(data.element_spec))
    return facts


def _array_facts(array: Any) -> Any:
    if not hasattr(array, "shape"):
        return type(array).__name__
    shape = [None if size is None else int(size) for size in array.shape]
    facts: Facts = {"shape": shape, "dtype": str(getattr(array, "dtype", ""))}
    if shape and shape[0] and _has_plain_rows(array):
        rows = np.unique(np.linspace(0, shape[0] - 1, ROWS).astype(int))
        chosen = array[rows] if isinstance(array, np.ndarray) else ops.take(array, rows, axis=0)
        values = np.ascontiguousarray(ops.convert_to_numpy(chosen))
        facts["checksum of some rows"] = zlib.crc32(values.tobytes())
    return facts


def _has_plain_rows(array: Any) -> bool:
    """Whether the bytes of its rows are its values: not so of text and objects, of which they are
    addresses, and of ragged and sparse tensors."""
    if isinstance(array, np.ndarray):
        return not array.dtype.hasobject
    is_packed = any(hasattr(array, name) for name in ("row_splits", "dense_shape", "indices"))
    return ops.is_tensor(array) and not is_packed and "string" not in str(array.dtype)


def _plain(value: Any, numbers: Mapping[str, str]) -> Any:
    """A configuration without names, its layers by their place in the model."""
    if isinstance(value, Mapping):
        return {
            str(key): _plain(each, numbers)
            for key, each in value.items()
            if key not in NOT_COMPARED
        }
    if isinstance(value, (list, tuple)):
        return [_plain(each, numbers) for each in value]
    if isinstance(value, (set, frozenset)):  # of text they are in another order in each process
        return sorted((_plain(each, numbers) for each in value), key=str)
    if isinstance(value, str):
        return numbers.get(value, value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, np.ndarray) or ops.is_tensor(value):
        return _array_facts(value)
    if callable(value) and hasattr(value, "__qualname__"):
        return value.__qualname__
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


def _differing(where: str, before: Any, now: Any) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys((*before, *now)):
            place = where if key in UNTOLD else f"{where} {key}".strip()
            yield from _differing(place, before.get(key), now.get(key))
    elif _same_length(before, now):
        for number, (a, b) in enumerate(zip(before, now, strict=True)):
            yield from _differing(f"{where} {number}", a, b)
    elif before != now:
        yield f"{where} was {_short(before)} and is {_short(now)}"


def _same_length(before: Any, now: Any) -> bool:
    both_lists = isinstance(before, list) and isinstance(now, list)
    return both_lists and len(before) == len(now) and _has_parts(before)


def _has_parts(values: Sequence[Any]) -> bool:
    """Whether a list is better compared place by place than told as a whole."""
    return any(isinstance(value, (dict, list)) for value in values)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
