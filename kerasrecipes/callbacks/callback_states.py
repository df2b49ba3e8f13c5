"""The state of any callback of a running `fit`: ours, Keras's, or one of the user's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import keras
from keras import ops

from kerasrecipes.callbacks.csv_logger_state import csv_logger_state, restore_csv_logger
from kerasrecipes.callbacks.plain_state import plain_copy

LIBRARIES = ("keras", "kerasrecipes")
WITHIN_EPOCHS = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_end",
    "on_test_batch_begin",
    "on_test_batch_end",
)


def state_of(callback: keras.callbacks.Callback) -> dict[str, Any] | None:
    """All that the callback needs to go on in a new process, or None if that is nothing.

    It is what its `get_state()` gives, where it has that and `set_state`. One of Keras's own, or of
    a class derived from it, is read by a table of what Keras keeps between its calls.

    Args:
        callback: In `fit`, between two steps or epochs.

    Returns:
        A tree of dicts, lists and tuples of plain values and arrays, nothing of it shared with the
        callback. It is empty where nothing is kept, but what `on_epoch_begin` did must not be done
        twice. None for callbacks that begin anew: `TerminateOnNaN`, `ProgbarLogger`,
        `LambdaCallback`, `RemoteMonitor`, and those of the user's own without the two methods.

    Raises:
        TypeError: If `get_state()` gives something that a file cannot hold.
        OSError: If the file of a `CSVLogger` cannot be read.

    Example:
        >>> stopping = keras.callbacks.EarlyStopping()
        >>> stopping.on_train_begin()
        >>> state_of(stopping)["wait"], state_of(keras.callbacks.TerminateOnNaN())
        (0, None)
    """
    name = type(callback).__name__
    if _has_own_state(callback):
        state = callback.get_state()
        is_copy = _library(type(callback)) == "kerasrecipes"  # best weights need no second one
        return state if is_copy else plain_copy(state, f"{name}.get_state()")
    row = _row_of(callback)
    if row is None:
        return None
    kept = {each: getattr(callback, each) for each in row.names if hasattr(callback, each)}
    return plain_copy(kept | row.more(callback), name)


def restore(callback: keras.callbacks.Callback, state: Mapping[str, Any] | None) -> None:
    """Lets the callback go on from a state; call it after `on_train_begin`.

    Args:
        callback: Of the same class and arguments as the one whose state it is.
        state: From `state_of`; nothing is done with None.

    Raises:
        ValueError: If the state is of a callback of another kind.
        OSError: If the file of a `CSVLogger` cannot be written.

    Example:
        >>> stopping, other = keras.callbacks.EarlyStopping(), keras.callbacks.EarlyStopping()
        >>> stopping.wait = 2
        >>> restore(other, state_of(stopping))
        >>> other.wait
        2
    """
    if state is None:
        return
    copy = plain_copy(state)
    if _has_own_state(callback):
        callback.set_state(copy)
        return
    row = _row_of(callback)
    if row is None:
        raise ValueError(
            "`state` must be None for a callback that keeps none. Received: a state of "
            f"{', '.join(state) or 'nothing'} for {type(callback).__name__}. Give `fit` the "
            "callbacks whose states were saved, in their order."
        )
    for name in row.names:
        if name in copy:
            setattr(callback, name, copy[name])
    row.restore(callback, copy)


def has_state(callback: keras.callbacks.Callback) -> bool:
    """Whether `state_of` gives a state, known without asking for it.

    Example:
        >>> has_state(keras.callbacks.History()), has_state(keras.callbacks.ProgbarLogger())
        (True, False)
    """
    return _has_own_state(callback) or _row_of(callback) is not None


def without_state(callbacks: Iterable[keras.callbacks.Callback]) -> list[str]:
    """Class names of the user's own callbacks that may keep what no state holds, each once.

    Those are the ones without `get_state` and `set_state`. If they derive from one of Keras's
    classes, what that one keeps is saved, but not what they add.

    Example:
        >>> Counter = type("Counter", (keras.callbacks.Callback,), {"__module__": "my_script"})
        >>> without_state([Counter(), keras.callbacks.History()])
        ['Counter']
    """
    kinds = [type(each) for each in callbacks if not _has_own_state(each)]
    return list(dict.fromkeys(kind.__name__ for kind in kinds if _library(kind) not in LIBRARIES))


def may_draw_within_epochs(callbacks: Iterable[keras.callbacks.Callback]) -> bool:
    """Whether code of the user's own runs at steps or in validation, and may draw random numbers.

    Example:
        >>> own = keras.callbacks.LambdaCallback(on_test_begin=lambda logs: None)
        >>> may_draw_within_epochs([keras.callbacks.History()]), may_draw_within_epochs([own])
        (False, True)
    """
    return any(
        hook in vars(callback) or _library(getattr(type(callback), hook)) not in LIBRARIES
        for callback in callbacks
        for hook in WITHIN_EPOCHS
    )


def _has_own_state(callback: Any) -> bool:
    return all(callable(getattr(callback, name, None)) for name in ("get_state", "set_state"))


def _library(kind: Any) -> str:
    """The package of a class or a method."""
    return kind.__module__.partition(".")[0]


class _Row(NamedTuple):
    """What one of Keras's classes keeps: attributes, and what no attribute holds as it is."""

    names: tuple[str, ...] = ()
    more: Callable[[Any], dict[str, Any]] = lambda callback: {}
    restore: Callable[[Any, dict[str, Any]], None] = lambda callback, state: None


def _row_of(callback: keras.callbacks.Callback) -> _Row | None:
    return next((_ROWS[kind] for kind in type(callback).__mro__ if kind in _ROWS), None)


def _direction(callback: Any) -> dict[str, Any]:
    """Which way the monitored value gets better, once Keras has worked that out."""
    known = {ops.less: "less", ops.greater: "greater"}
    return {"direction": known.get(callback.monitor_op)}


def _restore_direction(callback: Any, state: dict[str, Any]) -> None:
    """Keras works it out at the end of an epoch; a `ModelCheckpoint` may need it before."""
    if state["direction"] is not None:
        callback.monitor_op = getattr(ops, state["direction"])
        size = abs(callback.min_delta)
        callback.min_delta = -size if state["direction"] == "less" else size


def _epoch_seconds(callback: Any) -> dict[str, Any]:
    began = getattr(callback, "_epoch_start_time", None)
    return {} if began is None else {"epoch_seconds": time.time() - began}


def _restore_epoch_seconds(callback: Any, state: dict[str, Any]) -> None:
    """As if the epoch had begun so long ago here: the time between the processes is left out."""
    if "epoch_seconds" in state:
        callback._epoch_start_time = time.time() - state["epoch_seconds"]


def _monitoring(*names: str) -> _Row:
    return _Row(("best", *names), _direction, _restore_direction)


# Keras has no public way to what its callbacks keep; what `on_train_begin` makes again is left out.
_SAVING = ("_batches_seen_since_last_saving", "_last_batch_seen")
_ROWS: dict[type, _Row] = {
    keras.callbacks.CSVLogger: _Row((), csv_logger_state, restore_csv_logger),
    keras.callbacks.EarlyStopping: _monitoring(
        "wait", "stopped_epoch", "best_epoch", "best_weights"
    ),
    keras.callbacks.History: _Row(("epoch", "history")),
    keras.callbacks.LearningRateScheduler: _Row(),
    keras.callbacks.ModelCheckpoint: _monitoring(*_SAVING, "_current_epoch"),
    keras.callbacks.ReduceLROnPlateau: _monitoring("wait", "cooldown_counter"),
    keras.callbacks.SwapEMAWeights: _Row(("_ema_weights_in_model",)),
    keras.callbacks.TensorBoard: _Row(
        (
            "_global_train_batch",
            "_global_test_batch",
            "_previous_epoch_iterations",
            "_should_write_train_graph",
        ),
        _epoch_seconds,
        _restore_epoch_seconds,
    ),
}
if hasattr(keras.callbacks, "OrbaxCheckpoint"):  # not in every Keras
    _ROWS[keras.callbacks.OrbaxCheckpoint] = _monitoring(*_SAVING, "_total_batches_seen")
