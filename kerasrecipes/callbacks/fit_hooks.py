"""Code around all callbacks of a running fit, whatever their order."""

from __future__ import annotations

import functools
from typing import Any

import keras

HOOKS = (
    "on_epoch_begin",
    "on_epoch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_train_end",
)


class FitHooks:
    """Lets an object stand between `fit` and its callbacks.

    What is saved at the end of an epoch must be what all callbacks have left, and what is saved
    before a step what none has begun: no place in the list of callbacks gives both.

    Args:
        callbacks: Those of the running `fit`.
        listener: For each hook of `fit` that it has a method for, that method is called with
            `forward`, which calls all callbacks, and what `fit` passes on.

    Example:
        >>> class Loud:
        ...     def on_epoch_end(self, forward, epoch, logs=None):
        ...         forward(epoch, logs)
        ...         print("epoch", epoch, "is over for all")
        >>> callbacks = keras.callbacks.CallbackList([])
        >>> hooks = FitHooks(callbacks, Loud())
        >>> callbacks.on_epoch_end(0)
        epoch 0 is over for all
        >>> hooks.remove()
        >>> callbacks.on_epoch_end(1)
    """

    def __init__(self, callbacks: keras.callbacks.CallbackList, listener: Any) -> None:
        self.callbacks = callbacks
        self._names = [name for name in HOOKS if hasattr(listener, name)]
        for name in self._names:
            forward = getattr(callbacks, name)
            setattr(callbacks, name, functools.partial(getattr(listener, name), forward))

    def remove(self) -> None:
        """Leaves `fit` and its callbacks to themselves again."""
        for name in self._names:
            vars(self.callbacks).pop(name, None)
        self._names = []

    def wait(self) -> None:
        """Returns once callbacks that Keras runs in other threads are done."""
        flush = getattr(self.callbacks, "_flush_futures", None)  # there is no public way
        if flush is not None:
            flush()
