"""The settings of the running `fit`, and an object that lives as long as it."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, NamedTuple

import keras

# Of each token: the thread of its `fit`, and the address of the frame, until another has it.
_PLACES: weakref.WeakKeyDictionary[Any, tuple[int, int]] = weakref.WeakKeyDictionary()


class RunningFit(NamedTuple):
    """What a running `fit` was given.

    Attributes:
        batch_size: As given, None if it was not.
        epochs: As given.
        shuffle: Whether it shuffles.
        token: An object that `fit` holds and nothing else: it goes when `fit` ends.
        given: All of its arguments by name, after `validation_split`; `callbacks` is the
            `keras.callbacks.CallbackList` that it calls.
    """

    batch_size: int | None
    epochs: int
    shuffle: bool
    token: Any
    given: Mapping[str, Any]

    @property
    def callbacks(self) -> tuple[keras.callbacks.Callback, ...]:
        """All callbacks of this `fit`."""
        callbacks = self.given.get("callbacks")
        return tuple(keras.tree.flatten(getattr(callbacks, "callbacks", callbacks) or ()))


def running_fit(model: keras.Model) -> RunningFit | None:
    """The running `fit` of the model, read off its frame; None outside of one.

    Keras passes callbacks neither data nor settings. They are found by the names of the public
    parameters of `Model.fit`, so that a callback needs no second copy of what `fit` already has.
    """
    for frame in _outwards(sys._getframe()):
        names = frame.f_locals
        if _is_fit(frame) and names["self"] is model:
            if (token := names.get("epoch_iterator")) is not None:
                _keep_place(token, (threading.get_ident(), id(frame)))
            return RunningFit(
                names.get("batch_size"),
                names.get("epochs", 1),
                bool(names.get("shuffle", True)),
                token,
                dict(names),
            )
    return None


def is_running(token: Any) -> bool:
    """Whether the `fit` of a `RunningFit.token` runs in any thread of this process.

    It looks which frames there are, never into them: reading the names of a frame that another
    thread goes on with, and leaves meanwhile, crashes the process.
    """
    thread, place = _PLACES.get(token, (0, 0)) if token is not None else (0, 0)
    frames = _outwards(sys._current_frames().get(thread))
    return any(id(frame) == place and frame.f_code.co_name == "fit" for frame in frames)


def _keep_place(token: Any, place: tuple[int, int]) -> None:
    """Keeps it, and forgets others there: a token may outlive its frame, by a cycle of its own."""
    for other, known in list(_PLACES.items()):
        if known == place and other is not token:
            del _PLACES[other]
    _PLACES[token] = place


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_fit(frame: FrameType) -> bool:
    names = frame.f_locals if frame.f_code.co_name == "fit" else ()
    return "self" in names and "x" in names
