"""One fit that is saved as it goes, and that may go on where another broke off."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras

from kerasrecipes.callbacks.callback_states import may_draw_within_epochs
from kerasrecipes.callbacks.data_reading import DataReading
from kerasrecipes.callbacks.fit_hooks import FitHooks
from kerasrecipes.callbacks.fit_state import fit_state, put_back
from kerasrecipes.callbacks.replay import Place, Replay
from kerasrecipes.callbacks.running_fit import RunningFit, is_running
from kerasrecipes.checkpoints import Checkpoint
from kerasrecipes.checkpoints.model_state import ModelState
from kerasrecipes.checkpoints.preemption import EXIT_STATUS, Preemption
from kerasrecipes.checkpoints.random_course import RandomCourse

Forward = Callable[..., Any]


class Rhythm(NamedTuple):
    """When to save.

    Attributes:
        every_steps: Batches between two saves within an epoch; None for none.
        every_epochs: Epochs between two saves at their ends; None for none but the last.
    """

    every_steps: int | None
    every_epochs: int | None


class ResumableFit:
    """Stands between a running `fit` and its callbacks: see `FitHooks` for its methods.

    Args:
        model: Compiled.
        running: Its `fit`, whose callbacks have not begun an epoch.
        rhythm: When to save.
        put: Takes `(number, state, by_hand)` to be saved; the state is not changed any more.
        flush: Returns when all that was put is saved, or cannot be.
        is_idle: Whether all that was put is saved, so that its arrays can be used again.
        checkpoint: Where to go on, or None.
        say: Called with each message.
        finish: Called when the fit has ended or is left.
    """

    def __init__(
        self,
        model: keras.Model,
        running: RunningFit,
        *,
        rhythm: Rhythm,
        put: Callable[[int, Any, bool], None],
        flush: Callable[[], Any],
        is_idle: Callable[[], bool],
        checkpoint: Checkpoint | None,
        say: Callable[[str], Any],
        finish: Callable[[], Any],
    ) -> None:
        self.model, self.rhythm = model, rhythm
        self.put, self.flush, self.is_idle, self.say, self.finish = put, flush, is_idle, say, finish
        self._arrays: ModelState | None = None
        token = weakref.ref(running.token)  # and nothing else of what lives as long as the fit
        self._is_running = lambda: token() is not None and is_running(token())
        self.preemption = Preemption(self._is_running)
        self.hooks = FitHooks(running.given["callbacks"], self)
        self._epochs, self._data = int(running.epochs), DataReading.of(running)
        self._place = Place(int(running.given.get("initial_epoch", 0)), 0)
        self._steps = self._saved_steps = self._number = 0
        self._is_new = True  # nothing has happened since the last save
        self._is_asked = False  # to save at the next step
        self._step_logs: Mapping[str, Any] = {}
        self._course = RandomCourse()
        self._may_draw = may_draw_within_epochs(running.callbacks)
        self._replay: Replay | None = None
        self._state: dict[str, Any] | None = None
        self._began = time.perf_counter()
        if checkpoint is not None:
            self._number, self._state = checkpoint.number, checkpoint.state
            self._course = RandomCourse(checkpoint.state["course"])

    def on_epoch_begin(self, forward: Forward, epoch: int, logs: Any = None) -> None:
        """Begins the epoch for all, or its data alone."""
        self._place = Place(epoch, 0)
        if self._state is not None and self._replay is None:
            self._replay = Replay(self.model, self._state["step_logs"], self._is_running)
            self._began = time.perf_counter()
        if self._replay is not None:
            if not self._data.reads_on or str(epoch) == next(iter(self._course.states), None):
                self._course.begin_again(epoch)
            return
        with self._course.others():
            forward(epoch, logs)
        self._course.begin(epoch)

    def on_train_batch_begin(self, forward: Forward, batch: int, logs: Any = None) -> None:
        """Saves if it is time to, or goes on from here if this is the place."""
        self._place = Place(self._place.epoch, batch)
        if self._replay is not None:
            if self._place != self._target():
                return
            self._arrive()
        elif self._is_due(batch):
            self._save()
        self._forward(forward, batch, logs)

    def on_train_batch_end(self, forward: Forward, batch: int, logs: Any = None) -> None:
        """Keeps the logs, which at the end of an epoch are asked for."""
        self._place = Place(self._place.epoch, batch + 1)
        if self._replay is None:
            self._step_logs, self._is_new = logs, False
            self._forward(forward, batch, logs)
        elif self.preemption.asked:  # what is saved is saved
            self._leave()

    def on_test_begin(self, forward: Forward, logs: Any = None) -> None:
        """Validation begins."""
        self._unless_replayed(forward, logs)

    def on_test_end(self, forward: Forward, logs: Any = None) -> None:
        """Validation ends."""
        self._unless_replayed(forward, logs)

    def on_test_batch_begin(self, forward: Forward, batch: int, logs: Any = None) -> None:
        """A batch of validation begins."""
        self._unless_replayed(forward, batch, logs)

    def on_test_batch_end(self, forward: Forward, batch: int, logs: Any = None) -> None:
        """A batch of validation ends."""
        self._unless_replayed(forward, batch, logs)

    def on_epoch_end(self, forward: Forward, epoch: int, logs: Any = None) -> None:
        """Saves if it is time to, or goes on from here if this is the place."""
        batches, self._place = self._place.batch or 0, Place(epoch, None)
        if self._replay is not None:
            self._end_replayed_epoch(logs)
            return
        with self._course.others():
            forward(epoch, logs)
        self._steps += batches
        self._is_new = False
        is_last = epoch + 1 == self._epochs or self.model.stop_training
        every = self.rhythm.every_epochs
        is_asked = self.preemption.asked or self._is_asked
        if is_last or is_asked or (every and (epoch + 1) % every == 0):
            self._save(logs)

    def on_train_end(self, forward: Forward, logs: Any = None) -> None:
        """Leaves the fit when all callbacks have."""
        try:
            forward(logs)
        finally:
            self.finish()

    def ask(self) -> None:
        """Asks for a save before the next step, by hand."""
        self._is_asked = True

    @property
    def is_asked(self) -> bool:
        """Whether a save by hand is still to come."""
        return self._is_asked

    def end(self) -> None:
        """Leaves the fit, its model and the signals as they were."""
        self.hooks.remove()
        self.preemption.end()
        if self._replay is not None:
            self._replay.end()
            self._replay = None

    def _unless_replayed(self, forward: Forward, *arguments: Any) -> None:
        if self._replay is None:
            self._forward(forward, *arguments)

    def _forward(self, forward: Forward, *arguments: Any) -> None:
        """Calls all callbacks within an epoch, and notes whether they draw random numbers."""
        if not self._may_draw:
            forward(*arguments)
            return
        with self._course.others():
            forward(*arguments)

    def _is_due(self, batch: int) -> bool:
        every, steps = self.rhythm.every_steps, self._steps + batch
        is_time = bool(every and steps // every > self._saved_steps // every)
        return self.preemption.asked or self._is_asked or is_time

    def _save(self, epoch_logs: Mapping[str, Any] | None = None) -> None:
        self.hooks.wait()
        by_hand, self._is_asked = self._is_asked, False
        if by_hand or not self._is_new:
            self._number += 1
            self.put(self._number, self._gathered(epoch_logs), by_hand)
            self._saved_steps = self._steps + (self._place.batch or 0)
            self._is_new = True
        if self.preemption.asked:
            self._leave()

    def _gathered(self, epoch_logs: Mapping[str, Any] | None) -> dict[str, Any]:
        """The state and its place; in the memory of the last one, if that is written."""
        spare = self._arrays if self.is_idle() else None
        state = fit_state(self.model, self.hooks.callbacks.callbacks, spare)
        self._arrays = state["model"]
        return state | {
            "epoch": self._place.epoch,
            "batch": self._place.batch,
            "steps": self._steps,
            "step_logs": _as_numbers(self._step_logs),
            "epoch_logs": _as_numbers(epoch_logs or {}),
            "course": dict(self._course.states),
        }

    def _target(self) -> Place:
        state = self._state or {}
        return Place(state["epoch"], state["batch"])

    def _end_replayed_epoch(self, logs: dict[str, Any]) -> None:
        target = self._target()
        if self._place == target:
            logs.update((self._state or {})["epoch_logs"])  # `fit` hands them to on_train_end
            self._arrive()
        elif self._place.epoch >= target.epoch:
            raise ValueError(
                f"the data must be those of the run to resume. Received: data whose epoch "
                f"{target.epoch + 1} ends before {target}. Give `fit` the same data."
            )

    def _arrive(self) -> None:
        """The data are where they were: puts everything else back."""
        state, replay = self._state or {}, self._replay
        if replay is not None:
            replay.end()
        is_within, data = state["batch"] is not None, self._data
        put_back(
            state,
            self.model,
            self.hooks.callbacks.callbacks,
            begun=state["epoch"] if is_within else None,
            with_random_numbers=not (data.in_background and (is_within or data.reads_on)),
        )
        self._steps, self._step_logs = state["steps"], state["step_logs"]
        self._saved_steps = self._steps + (state["batch"] or 0)
        self._replay, self._is_new = None, True
        self._tell_arrival()

    def _tell_arrival(self) -> None:
        seconds = time.perf_counter() - self._began
        is_over = self._place.batch is None and (
            self.model.stop_training or self._place.epoch + 1 >= self._epochs
        )
        if is_over:
            self.say(
                "this fit had ended: nothing is left to train. Remove the directory to begin anew."
            )
        else:
            self.say(
                f"goes on from {self._place} of {self._epochs}; its data were drawn again up to "
                f"there in {seconds:.1f} s."
            )
        self._state = None

    def _leave(self) -> None:
        is_saved = self.flush()
        place = self._place if self._replay is None else self._target()
        what = f"{place} is saved" if is_saved else "it could NOT be saved"
        self.say(
            f"asked to end by SIGTERM: {what}. Start the same script again to go on (exit status "
            f"{EXIT_STATUS})."
        )
        preemption = self.preemption
        self.finish()
        preemption.leave()


def _as_numbers(logs: Mapping[str, Any]) -> dict[str, Any]:
    """Logs as plain values: a step returns tensors."""
    return {name: _as_number(value) for name, value in logs.items()}


def _as_number(value: Any) -> Any:
    if isinstance(value, Mapping):  # of a metric that gives several
        return _as_numbers(value)
    return keras.ops.convert_to_numpy(value).tolist() if keras.ops.is_tensor(value) else value
