"""What a training has come to, as numbers that can be compared to the bit."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasrecipes.callbacks.callback_states import has_state, state_of
from kerasrecipes.checkpoints import write_text
from kerasrecipes.checkpoints.model_state import model_state

CLOCKS = {"seconds", "spent", "epoch_seconds"}  # of no two runs the same
FILES = ("*.csv", "*.h5")

End = dict[str, str]


def end_of(history: Any, callbacks: Iterable[keras.callbacks.Callback], folder: Path) -> End:
    """All that a finished training has left, and random numbers drawn after it.

    Args:
        history: What `fit` returned.
        callbacks: That it was given.
        folder: Of the files that they have written.
    """
    model = history.model
    with_state = [each for each in callbacks if has_state(each)]
    files = {path.name: path.read_bytes() for each in FILES for path in folder.glob(each)}
    return facts(
        {
            **model_state(model),
            "predictions": model.predict(np.ones((2, *model.input_shape[1:])), verbose=0),
            "stop_training": bool(model.stop_training),
            "history": [history.epoch, history.history],
            "callbacks": {type(each).__name__: state_of(each) for each in with_state},
            "files": files,
            "drawn after": [random.random(), np.random.rand(), _drawn_by_keras()],
        }
    )


def facts(value: Any, place: str = "") -> End:
    """Every part of a tree by its place: short values as they are, others by their SHA-256.

    Example:
        >>> facts({"epoch": [3, 0.5]})
        {'epoch 0': '3', 'epoch 1': '0.5'}
    """
    if isinstance(value, Mapping):
        parts = {name: part for name, part in value.items() if name not in CLOCKS}
    elif isinstance(value, (list, tuple)):
        parts = dict(enumerate(value))
    else:
        return {place: _text(value)}
    found: End = {}
    for name, part in parts.items():
        found |= facts(part, f"{place} {name}".strip())
    return found


def differences(expected: End, found: End) -> list[str]:
    """The places that are not the same, or that one of the two lacks."""
    places = dict.fromkeys((*expected, *found))
    return [place for place in places if expected.get(place) != found.get(place)]


def write_end(path: Path, end: End) -> None:
    """In one step, for the process may be killed here too."""
    write_text(path, json.dumps(end))


def read_end(path: Path) -> End:
    return json.loads(path.read_text(encoding="utf-8"))


def _drawn_by_keras() -> np.ndarray:
    return keras.ops.convert_to_numpy(keras.random.normal((3,)))


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return f"{value.dtype} {value.shape} {digest}"
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return repr(value)
