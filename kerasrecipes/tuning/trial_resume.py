"""The trainings of a trial that a killed process was in the middle of, gone on with."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

# keras-tuner adds these to each fit, and does not export them.
from keras_tuner.src.engine.tuner_utils import SaveBestEpoch, TunerCallback

from kerasrecipes.callbacks import Resume
from kerasrecipes.checkpoints.files import remove_tree

NAME = "resume"


class TrialResume:
    """Gives each `fit` of a trial a `Resume` of its own, below the trial's directory.

    Args:
        trial_directory: Where keras-tuner keeps the trial.
        sink: Called with each line that is said; `None` for silence.
    """

    def __init__(
        self, trial_directory: str | os.PathLike[str], sink: Callable[[str], Any] | None
    ) -> None:
        self.directory, self.sink = Path(trial_directory, NAME), sink
        self._executions = 0

    def callbacks(self, given: Sequence[keras.callbacks.Callback]) -> list[Any]:
        """The callbacks of the next execution, by which it goes on where it was broken off.

        A worker that was given up may still be at the trial: then this one begins from zero.

        Args:
            given: Those of keras-tuner and of the user.
        """
        self._executions += 1
        directory = self.directory / f"execution-{self._executions}"
        resume = Resume(directory, on_mismatch="restart", sink=self.sink)
        if not resume.is_free():
            if self.sink is not None:
                self.sink(f"the trial begins from zero: `{directory}` is in use by another process")
            return list(given)
        for callback in given:
            _give_state(callback)
        return [resume, *given]

    def remove(self) -> None:
        """Removes what a trial that has ended does not need."""
        if self.directory.exists():
            with contextlib.suppress(OSError):  # a file system that does not let it go
                remove_tree(self.directory)


def _give_state(callback: Any) -> None:
    """Lets keras-tuner's own callbacks go on: they have no state of their own."""
    if isinstance(callback, SaveBestEpoch):
        callback.get_state = lambda: {"best_value": callback.best_value}
        callback.set_state = lambda state: setattr(callback, "best_value", state["best_value"])
    elif isinstance(callback, TunerCallback):
        callback.get_state, callback.set_state = dict, lambda state: None
