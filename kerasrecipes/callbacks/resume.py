"""Exact resume: a run killed at any instant ends as the one never killed."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any

import keras

from kerasrecipes.callbacks.callback_states import without_state
from kerasrecipes.callbacks.resumable_fit import ResumableFit, Rhythm
from kerasrecipes.callbacks.run_facts import differences, run_facts
from kerasrecipes.callbacks.running_fit import RunningFit, is_running, running_fit
from kerasrecipes.callbacks.saved_point import SavedPoint, place_of, rewind
from kerasrecipes.checkpoints import (
    Checkpoint,
    CheckpointError,
    CheckpointStore,
    DirectoryLock,
)
from kerasrecipes.checkpoints.background_saver import BackgroundSaver
from kerasrecipes.checkpoints.versions import exact_versions

ON_MISMATCH = ("error", "restart", "continue")
_HOLDERS: dict[str, weakref.ref[Resume]] = {}
# Of each model that was trained here: the directory, the optimizer, and what the two were before.
_BEGUN: weakref.WeakKeyDictionary[keras.Model, tuple[str, Any, dict[str, Any]]]
_BEGUN = weakref.WeakKeyDictionary()


class Resume(keras.callbacks.Callback):
    """Saves all that a training is made of, so that it can go on as if nothing had happened.

    Start the same script again after a crash, a kill or a preemption, and it ends with the weights,
    the history and the decisions of callbacks of the run that was never interrupted, to the bit on
    the CPU, if the script sets a seed (`keras.utils.set_random_seed`). What is kept: weights,
    optimizer, metrics, random states, the place in the data, `stop_training`, and the state of
    every callback that is one of ours or Keras's own, or has `get_state()` and `set_state(state)`,
    of plain values and arrays. Others begin anew; they are named once.

    A resumed fit first draws its data again up to the place, without training: a shuffled
    `tf.data.Dataset`, a `PyDataset` or a generator comes to where it was in no other way. That
    costs what the input pipeline costs, and is said.

    A state is copied between two steps and written beside the training: aside, flushed to the disk,
    with checksums, then renamed. The newest whole checkpoint counts; a torn or corrupted one is set
    aside and said. A disk that is full or gone is a warning; it is tried again, and training goes
    on. On SIGTERM it saves at the next step and exits with status 75, which means: start me again.

    Args:
        directory: Where checkpoints are kept, one directory a `fit`. Made if missing. It is not
            removed at the end: a script killed after the training finds it done.
        every_steps: Integer >= 1, batches between two saves within an epoch; `None` for none.
            Defaults to `None`.
        every_epochs: Integer >= 1, epochs between two saves; `None` for none but at the end.
            Defaults to `1`.
        keep: Integer >= 1, checkpoints to keep. Defaults to `2`.
        on_mismatch: What to do if model, optimizer, data, settings of `fit` or versions of the
            libraries are not those of the checkpoint: `"error"` names the difference, `"restart"`
            sets the checkpoints aside and begins anew, also where none of them is whole,
            `"continue"` says the difference and goes on with what was saved, if the variables fit.
            Defaults to `"error"`.
        sink: Called with each message; `None` for silence. Defaults to `print`.

    Raises:
        ValueError: If an argument is out of its range; when training begins, if the checkpoint does
            not fit this training.
        CheckpointError: When training begins, if another process is using the directory, or it
            holds checkpoints of which none is whole.

    Example:
        >>> import tempfile
        >>> directory = tempfile.mkdtemp()
        >>> def train(epochs):
        ...     keras.utils.set_random_seed(0)
        ...     model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        ...     model.compile("adam", "mse")
        ...     x = keras.ops.ones((8, 1))
        ...     resume = Resume(directory)
        ...     return model.fit(x, x, epochs=epochs, verbose=0, callbacks=[resume]).epoch
        >>> train(2)
        [0, 1]
        >>> train(3)  # doctest: +ELLIPSIS
        Resume: goes on from the end of epoch 2 of 3; its data were drawn again up to there in ...
        [0, 1, 2]

    Source: Deep Learning Specialization, course 2, for the trainings; the guarantee is Keras's
    missing one (`BackupAndRestore` keeps weights and the epoch alone).
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        every_steps: int | None = None,
        every_epochs: int | None = 1,
        keep: int = 2,
        *,
        on_mismatch: str = "error",
        sink: Callable[[str], Any] | None = print,
    ) -> None:
        super().__init__()
        _check(directory, every_steps, every_epochs, on_mismatch)
        self.directory, self.every_steps, self.every_epochs = directory, every_steps, every_epochs
        self.keep, self.on_mismatch, self.sink = keep, on_mismatch, sink
        self._place = os.path.abspath(directory)  # for a script may change its working directory
        self._store = CheckpointStore(self._place, keep=keep, sink=self._say)
        self._fit: ResumableFit | None = None
        self._lock: DirectoryLock | None = None
        self._saver: BackgroundSaver | None = None
        self._token: Any = lambda: None
        self._end: weakref.finalize | None = None
        self._about: dict[str, Any] = {}

    def set_params(self, params: dict[str, Any] | None) -> None:
        """Opens the directory before any callback has begun, for some empty files when they do."""
        super().set_params(params)
        running = running_fit(self.model) if self.model is not None else None
        if running is not None:
            self._open(running)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Stands between `fit` and its callbacks from here on."""
        running = running_fit(self.model)
        if running is None or not hasattr(running.given.get("callbacks"), "callbacks"):
            raise ValueError(
                "`Resume` must be given to `model.fit`: it goes on in the data that `fit` reads. "
                "Received: callbacks that something else calls. Use `model.fit`."
            )
        if self._lock is None or self._token() is not running.token:
            self._open(running)
        self._begin(running)

    def _open(self, running: RunningFit) -> None:
        """Locks the directory and looks for a checkpoint that fits."""
        if any(isinstance(each, keras.callbacks.BackupAndRestore) for each in running.callbacks):
            raise ValueError(
                "`callbacks` must not hold BackupAndRestore beside Resume: both would set where "
                "the training begins. Received: both. Leave BackupAndRestore out."
            )
        if sum(isinstance(each, Resume) for each in running.callbacks) > 1:
            raise ValueError(
                "`callbacks` must hold one Resume: two would each draw the data again. Received: "
                "more than one. Leave the others out."
            )
        self._acquire()
        self._token = weakref.ref(running.token)
        # Not by a weak reference: both may go in one collection, and the lock would stay.
        self._end = weakref.finalize(running.token, self.close)
        try:
            self._checkpoint = self._fitting(running)
        except BaseException:
            self.close()
            raise

    def _begin(self, running: RunningFit) -> None:
        run = self._about["run"]
        before = {name: run[name] for name in ("model", "optimizer") if name in run}
        _BEGUN[self.model] = (self._place, self.model.optimizer, before)
        self._saver = BackgroundSaver(self._save, self._say)
        checkpoint, self._checkpoint = self._checkpoint, None
        self._fit = ResumableFit(
            self.model,
            running,
            rhythm=Rhythm(self.every_steps, self.every_epochs),
            put=self._put,
            flush=self._saver.finish,
            is_idle=self._is_idle,
            checkpoint=checkpoint,
            say=self._say,
            finish=self.close,
        )
        self._fit.preemption.begin()
        unknown = without_state(running.callbacks)
        if unknown:
            self._say(
                f"{', '.join(unknown)} cannot be resumed, and would begin anew: give "
                f"{'them' if len(unknown) > 1 else 'it'} get_state() and set_state(state)."
            )

    def is_free(self) -> bool:
        """Whether the directory can be used: no other process, nor another running fit, does."""
        try:
            self._acquire()
        except CheckpointError:
            return False
        self.close()
        return True

    def close(self) -> None:
        """Ends what is being written and frees the directory; called when `fit` ends."""
        if self._end is not None:
            self._end.detach()  # the next fit is not its to close
        fit, self._fit = self._fit, None
        saver, self._saver = self._saver, None
        try:
            if fit is not None:
                fit.end()
            if saver is not None:
                saver.finish()
        finally:
            lock, self._lock = self._lock, None  # the last save may still renew it
            if lock is not None:
                lock.release()

    def save(self) -> None:
        """Asks for a save before the next step, which stays whatever `keep` says.

        Raises:
            ValueError: Outside of `fit`.
        """
        self._running_fit().ask()

    @property
    def is_saving(self) -> bool:
        """Whether a save that `save` asked for is still to come."""
        return self._fit is not None and self._fit.is_asked

    @property
    def is_asked_to_end(self) -> bool:
        """Whether a SIGTERM waits for the next step boundary."""
        return self._fit is not None and self._fit.preemption.asked

    def saved_points(self) -> tuple[SavedPoint, ...]:
        """What can be gone back to, newest first; one that is being written is not among them.

        Raises:
            OSError: If the directory cannot be read.
        """
        return tuple(map(SavedPoint.of, self._store.listed()))

    def go_back(self, number: int) -> Checkpoint:
        """Gives model and optimizer the state of a saved point, between two steps of `fit`.

        Training goes on from there with the data that come next: epochs count on, and records such
        as `History` stay. What decides by them (`EarlyStopping`, `ReduceLROnPlateau`) goes back.

        Args:
            number: Of the `SavedPoint`.

        Returns:
            The checkpoint.

        Raises:
            ValueError: Outside of `fit`, or if the model's variables are others.
            CheckpointError: If there is none of that number, or it is torn.
            OSError: If it cannot be read.
        """
        fit = self._running_fit()
        if self._saver is not None:
            self._saver.finish()  # it may be the one that is being written
        checkpoint = self._store.read(number)
        rewind(self.model, fit.hooks.callbacks.callbacks, checkpoint.state)
        return checkpoint

    def _running_fit(self) -> ResumableFit:
        if self._fit is None:
            raise ValueError(
                "`Resume` saves and goes back between the steps of `fit`. Received: a call outside "
                "of it. Call it from another callback."
            )
        return self._fit

    def _put(self, number: int, state: Any, by_hand: bool) -> None:
        if self._saver is None:
            return
        self._saver.put(number, state, self._about | place_of(state, by_hand))
        if by_hand:  # or the next save might take its place before it is written
            self._saver.finish()

    def _is_idle(self) -> bool:
        return self._saver is not None and self._saver.is_idle

    def _save(self, number: int, state: Any, about: dict[str, Any]) -> None:
        if self._lock is not None and not os.path.isdir(self._place):
            self._lock.release()  # it went with the directory
            self._lock.acquire()
        self._store.save(number, state, about)

    def _acquire(self) -> None:
        place = os.path.realpath(self._place)
        lock = DirectoryLock(self._place)
        holder = _HOLDERS.get(place, lambda: None)()
        if holder is not None and not holder._is_in_use():
            holder.close()  # its fit was broken off, and something still holds the traceback
        lock.acquire()
        self._lock = lock
        _HOLDERS[place] = weakref.ref(self)

    def _is_in_use(self) -> bool:
        token = self._token()
        return token is not None and is_running(token)

    def _fitting(self, running: RunningFit) -> Checkpoint | None:
        """The newest checkpoint, if this training is the one that it was saved from."""
        run = run_facts(self.model, running) | self._before()
        self._about = {"versions": exact_versions(), "run": run}
        checkpoint = self._newest()
        if checkpoint is None:
            return None
        about = {name: checkpoint.about.get(name) for name in self._about}
        different = differences(about, self._about)
        if not different:
            return _reachable(checkpoint, running)
        text = "; ".join(different)
        if self.on_mismatch == "restart":
            aside = self._store.set_aside()
            self._say(f"begins anew, for {text}. The checkpoints so far are in {aside}.")
            return None
        if self.on_mismatch == "continue":
            self._say(f"goes on although {text}.")
            return _reachable(checkpoint, running)
        raise ValueError(
            f"`directory` must hold checkpoints of this training, to go on from. Received: {text}, "
            f"in {os.fspath(self.directory)}. Restore what was, give another directory, or choose "
            'on_mismatch="restart" or "continue".'
        )

    def _newest(self) -> Checkpoint | None:
        """The newest whole checkpoint; where a new beginning was chosen, one that can be used."""
        try:
            return self._store.newest()
        except CheckpointError as error:
            if self.on_mismatch != "restart":
                raise
            aside = self._store.set_aside()
            self._say(f"begins anew: {error} They are in {aside} now.")
            return None

    def _before(self) -> dict[str, Any]:
        """What a model was before a fit here trained it: given again, it is built, with a rate that
        callbacks have changed."""
        place, optimizer, before = _BEGUN.get(self.model, (None, None, {}))
        return before if (place, optimizer) == (self._place, self.model.optimizer) else {}

    def _say(self, message: str) -> None:
        if self.sink is not None:
            self.sink(f"Resume: {message}")


def _reachable(checkpoint: Checkpoint, running: RunningFit) -> Checkpoint:
    epochs = checkpoint.state["epoch"] + (checkpoint.state["batch"] is None)
    if epochs > running.epochs:
        raise ValueError(
            f"`epochs` must not be less than what is trained already. Received: "
            f"epochs={running.epochs}, and the checkpoint is after {epochs}. Give more epochs, or "
            "another directory."
        )
    return checkpoint


def _check(directory: Any, every_steps: Any, every_epochs: Any, on_mismatch: str) -> None:
    if not isinstance(directory, (str, os.PathLike)) or not os.fspath(directory):
        raise ValueError(
            "`directory` must be a path that is not empty: checkpoints are kept there. "
            f"Received: directory={directory!r}. Write 'runs/resume'."
        )
    for name, value in (("every_steps", every_steps), ("every_epochs", every_epochs)):
        is_whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        if value is not None and not is_whole:
            raise ValueError(
                f"`{name}` must be a whole number >= 1, or None. Received: {name}={value!r}. "
                "The defaults are every_steps=None, every_epochs=1."
            )
    if on_mismatch not in ON_MISMATCH:
        raise ValueError(
            f"`on_mismatch` must be one of {', '.join(map(repr, ON_MISMATCH))}. "
            f"Received: on_mismatch={on_mismatch!r}. The default is 'error'."
        )
