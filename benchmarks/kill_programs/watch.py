"""Where a process stands, told to another one that may kill it at any instant."""

from __future__ import annotations

import mmap
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasrecipes.checkpoints import CheckpointStore
from tests.checkpoints.faulty_files import EachOperation

PHASES = ("beginning", "step", "validation", "end of an epoch", "after the training")
BEGINNING, STEP, VALIDATION, EPOCH_END, AFTER = range(len(PHASES))
OPERATIONS = ("write", "sync", "sync_folder", "rename", "create", "make_folder", "remove")
SECONDS = 0.0002  # an operation takes longer, so that kills find all of them


class Watch:
    """Four numbers in memory that a process shares with those that it forks.

    They outlive the process that writes them: what stands there after a kill is where it died.

    Attributes:
        phase: Index in `PHASES` of what the training does.
        position: Steps of the whole training so far.
        operation: 1 + index in `OPERATIONS` of what a save does meanwhile; 0 for nothing.
        operations: How many were begun.
    """

    def __init__(self) -> None:
        self._values = np.frombuffer(mmap.mmap(-1, 4 * 8), "int64")

    def clear(self) -> None:
        """As before a process begins."""
        self._values[:] = 0


def _value(index: int) -> Any:
    def write(self: Watch, value: int) -> None:
        self._values[index] = value

    return property(lambda self: int(self._values[index]), write)


for _index, _name in enumerate(("phase", "position", "operation", "operations")):
    setattr(Watch, _name, _value(_index))


class Told(keras.callbacks.Callback):
    """Tells the phase of a training; give it first."""

    def __init__(self, watch: Watch, steps: int) -> None:
        super().__init__()
        self._watch, self._steps, self._epoch = watch, steps, 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Notes which one."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """A step."""
        self._watch.phase = STEP
        self._watch.position = self._epoch * self._steps + batch

    def on_test_begin(self, logs: Any = None) -> None:
        """Validation."""
        self._watch.phase = VALIDATION

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """The other callbacks, and what is saved then."""
        self._watch.phase = EPOCH_END

    def on_train_end(self, logs: Any = None) -> None:
        """What comes after the last epoch."""
        self._watch.phase = AFTER


class ToldFiles(EachOperation):
    """The file system, which tells what a save does and takes its time."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def before(self, name: str, target: Any, *arguments: Any) -> None:
        """Tells the operation, and waits a little."""
        if name in OPERATIONS:
            self._watch.operation = 1 + OPERATIONS.index(name)
            self._watch.operations += 1
            time.sleep(SECONDS if name == "write" else 10 * SECONDS)


class ToldStore(CheckpointStore):
    """A store that tells its operations."""

    def __init__(self, directory: Path, watch: Watch) -> None:
        super().__init__(directory, files=ToldFiles(watch))
        self._watch = watch

    def save(self, number: int, state: Any, about: dict[str, Any]) -> Path:
        """As a store does; says when it is done."""
        try:
            return super().save(number, state, about)
        finally:
            self._watch.operation = 0
