"""A running fit watched and steered from a page in the browser."""

from __future__ import annotations

import logging
import math
import os
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import keras

from kerasrecipes.callbacks.babysitting.judges import Judges
from kerasrecipes.callbacks.babysitting.nudging import Nudging, rate_setters
from kerasrecipes.callbacks.babysitting.progress import Progress, now
from kerasrecipes.callbacks.babysitting.running_means import RunningMeans
from kerasrecipes.callbacks.babysitting.watched_fit import WatchedFit
from kerasrecipes.callbacks.built_model import has_variables
from kerasrecipes.callbacks.resume import Resume
from kerasrecipes.callbacks.running_fit import RunningFit, is_running, running_fit
from kerasrecipes.live.board import Board
from kerasrecipes.live.nudge import Nudge, read_nudges, write_nudges
from kerasrecipes.live.request_box import RequestBox
from kerasrecipes.live.run_files import NUDGES, RunFiles
from kerasrecipes.live.server import LiveServer
from kerasrecipes.live.steering import Steering

BROKEN_OFF = "the fit was broken off by an error, or by its user"
NOT_BUILT = (
    "the model has no variables before its first step, so its settings cannot be moved: build it "
    "first, as with keras.Input"
)
WATCH_SECONDS = 1.0
_CLOSING = threading.Lock()  # of all, so that a babysitter can be copied, as keras-tuner does
log = logging.getLogger("kerasrecipes")


class Babysitter(keras.callbacks.Callback):
    """Shows a running `fit` in the browser, and lets you nudge it.

    The panda's way of the course: one model, watched through the day and nudged a little. The page
    shows cost, metrics, learning rate, bias and variance, gradients and updates by layer, the
    doctor's findings, time and memory, and has controls for the learning rate, momentum, weight
    decay, clipping, `keep_prob`, pausing, saving, going back and stopping. A nudge takes effect
    before the next step, without compiling anything again (but see `ready`), and is kept. A fit
    that is not nudged ends with the very weights of one without a babysitter.

    Findings, and bias and variance, are those of `Doctor` and `BiasVarianceReporter` in the same
    list. Without them quiet ones judge, where the data are arrays. Saving and going back need
    `Resume` in the list. Put it last.

    Whoever has the address can steer the training: it holds a random token. By default only this
    machine can reach it. On another machine, forward the port: `ssh -L PORT:127.0.0.1:PORT HOST`.

    Args:
        host: Name or address to serve at. Defaults to `"127.0.0.1"`; others need a `token`.
        port: Integer from 0 to 65535; 0 takes a free one. Defaults to 0.
        token: At least 16 letters, digits, `-` or `_`; None for a random one. Defaults to None.
        read_only: Whether the page only shows. Defaults to False.
        replay: Path of a `nudges.json`, or a sequence of `Nudge`s, to do again at the same steps:
            with the same program, data and seed it ends with the same weights. Defaults to None.
        directory: Where to keep `state.json`, `history.csv` and `nudges.json`, for `kerasrecipes
            nudge`, `status` and `watch`. None keeps nothing. Defaults to None.
        title: Of the run; the model's name by default.
        ready: Whether everything is compiled in from the start. If not, the first nudge of a
            `keep_prob`, or of clipping in a program without any, compiles the step once more; with
            it, a fit that is not nudged may differ from one without a babysitter in the last bit.
            Defaults to False.
        judge: Whether quiet judges are used where the list has none. Defaults to True.
        allowed_hosts: Other names under which the page is reached, such as a proxy's.
        sink: Called with the address and with warnings; None for silence. Defaults to `print`.

    Attributes:
        address: Of the page, with the token; None outside of `fit`.
        nudges: Tuple of the `Nudge`s of this fit so far.
        stop_reason: Why it was stopped from here; None if it was not.

    Raises:
        ValueError: If an argument is out of its range, or `replay` is no file of nudges; when
            training begins, if this training cannot take one of them, or there are two of it.
        ModuleNotFoundError: When training begins, without the packages of `kerasrecipes[live]`.
        OSError: If `replay` cannot be read; when training begins, if the port is in use.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x = keras.ops.ones((8, 1))
        >>> history = model.fit(x, x, epochs=2, verbose=0, callbacks=[Babysitter()])
        ... # doctest: +ELLIPSIS
        Babysitter: watch and steer at http://127.0.0.1:.../?token=...

    Source: Deep Learning Specialization, course 2, "Hyperparameters tuning in practice: Pandas vs.
    Caviar".
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        read_only: bool = False,
        replay: str | os.PathLike[str] | Iterable[Nudge] | None = None,
        *,
        directory: str | os.PathLike[str] | None = None,
        title: str | None = None,
        ready: bool = False,
        judge: bool = True,
        allowed_hosts: Iterable[str] = (),
        sink: Callable[[str], Any] | None = print,
    ) -> None:
        super().__init__()
        self.async_safe = True  # batches are noted in any order
        self.host, self.port, self.token, self.read_only = host, port, token, read_only
        self.replay, self.directory, self.title, self.judge = replay, directory, title, judge
        self.ready, self.allowed_hosts, self.sink = ready, tuple(allowed_hosts), sink
        self._replay = _nudges_of(replay)
        LiveServer(
            Board(), RequestBox(), host=host, port=port, token=token, allowed_hosts=allowed_hosts
        )  # refuses what cannot be used
        self._place = None if directory is None else os.path.abspath(os.fspath(directory))
        self._steering = Steering(is_ready=ready)
        self._judges = Judges(self._note)
        self._fit: WatchedFit | None = None
        self._server: LiveServer | None = None
        self._files: RunFiles | None = None
        self._end: weakref.finalize | None = None
        self._goes_on, self._run_id, self._is_built = False, "", True
        self.stop_reason: str | None = None

    @property
    def address(self) -> str | None:
        """Of the page, with the token; None outside of `fit`."""
        return self._server.address if self._server is not None else None

    @property
    def nudges(self) -> tuple[Nudge, ...]:
        """Those of this fit so far."""
        return tuple(self._fit.nudging.nudges) if self._fit is not None else ()

    def placed_nudges(self) -> list[tuple[float, Nudge]]:
        """Each nudge of this fit with the epochs, in fractions, that were done before it."""
        batches = self._fit.progress.batches if self._fit is not None else None
        if self._fit is None or not batches:
            return [(float(nudge.epoch), nudge) for nudge in self.nudges]
        first = self._fit.progress.initial_epoch
        return [(first + nudge.step / batches, nudge) for nudge in self.nudges]

    def save_nudges(self, path: str | os.PathLike[str]) -> None:
        """Writes the nudges of this fit to a file that `replay` takes.

        Raises:
            OSError: If it cannot be written.
        """
        write_nudges(self.nudges, path)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Opens the page, and stands at the training step from here on."""
        self._break_off()
        self._goes_on, self.stop_reason = False, None
        model, running = self.model, running_fit(self.model)
        _check_alone(running.callbacks if running else ())
        board, box = Board(), RequestBox()
        token = running.token if running else None
        self._is_built = has_variables(model, token)
        if model.optimizer is not None and self._is_built:
            owners = rate_setters(running.callbacks if running else ())
            self._steering.begin(model, token, owners)
        try:
            self._fit = self._watched(board, box, running)
            self._fit.nudging.check_replay()
            self._fit.begin()
            self._open(board, box)
        except BaseException:
            self._steering.end()
            raise
        if running is not None:
            self._end = weakref.finalize(running.token, self._break_off)
            watch = threading.Thread(
                target=_watch,
                args=(weakref.ref(running.token), weakref.ref(self), weakref.ref(self._fit)),
                daemon=True,
            )
            watch.start()

    def _watched(self, board: Board, box: RequestBox, running: RunningFit | None) -> WatchedFit:
        params = self.params or {}
        resume = _first(running.callbacks if running else (), Resume)
        first = int(running.given.get("initial_epoch", 0)) if running else 0
        progress = Progress(params.get("epochs") or 1, params.get("steps"), first)
        fit = WatchedFit(
            board,
            box,
            progress=progress,
            means=RunningMeans({"loss"}),
            judges=self._judges,
            nudging=Nudging(self._steering, progress, resume, self._replay),
            model=lambda: self.model,
        )
        fit.on_nudge, fit.on_tick = self._keep_nudges, self._keep_state
        fit.on_warning = self._say
        fit.is_reached = lambda: self._server is not None and self._server.is_serving
        fit.must_run = lambda: resume is not None and (resume.is_asked_to_end or resume.is_saving)
        self._fit = fit  # what cannot be judged is said there
        quiet = self.judge and self._is_built
        self._judges.begin(self.model, params, running, quiet=quiet)
        if not self._is_built:
            self._note(NOT_BUILT)
        board.put(run=self._facts())
        return fit

    def _facts(self) -> dict[str, Any]:
        self._run_id = secrets.token_hex(8)
        return {
            "id": self._run_id,
            "title": self.title or self.model.name,
            "model": self.model.name,
            "started": now(),
            "backend": keras.backend.backend(),
            "parameters": sum(math.prod(weight.shape) for weight in self.model.weights),
            "read_only": self.read_only,
            "directory": self._place,
        }

    def _open(self, board: Board, box: RequestBox) -> None:
        self._server = LiveServer(
            board,
            box,
            host=self.host,
            port=self.port,
            token=self.token,
            read_only=self.read_only,
            allowed_hosts=self.allowed_hosts,
        )
        address = self._server.start()
        if self._place is not None:
            self._files = RunFiles(self._place, board.snapshot, self._say)
        what = "watch" if self.read_only else "watch and steer"
        self._say(f"{what} at {address}")
        log.info("Babysitter: %s at %s", what, address)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Counts."""
        if self._fit is not None:
            self._fit.begin_epoch(epoch)

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Shows what is due, and does what is asked; while it is paused it waits here."""
        if self._fit is not None:
            self._fit.before_step(batch)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Keeps the logs."""
        if self._fit is not None:
            self._fit.after_step(batch, logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Shows the logs of the epoch, and keeps its row."""
        if self._fit is None:
            return
        row = self._fit.end_epoch(epoch, logs or {})
        if self._files is not None:
            self._begin_files()
            self._files.rows.append(row)
            self._files.put_state()

    def on_train_end(self, logs: dict | None = None) -> None:
        """Shows how it ended, and closes the page."""
        if self._fit is None:
            return
        self._fit.judges.end()
        self._steering.end()
        nudging, is_early = self._fit.nudging, self.model.stop_training
        if nudging.is_stopped or nudging.is_ending:
            self.stop_reason = f"stopped from the page at step {self._fit.progress.step}"
        said = self.stop_reason or ("stopped by a callback" if is_early else None)
        self._close("stopped" if is_early else "finished", said)

    def get_state(self) -> dict[str, Any]:
        """All that an exact resume needs."""
        if self._fit is None:
            return {}
        rows = self._files.rows if self._files is not None else []
        state = self._fit.get_state()
        return state | {
            "rows": [dict(row) for row in rows],
            "steering": state["nudging"]["steering"],
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `get_state` returned; call it after `on_train_begin`.

        Nudges that a killed process did after that are read from the run directory, and done again
        at their steps.
        """
        if self._fit is None or not state:
            return
        self._goes_on = True
        count = len(state["nudging"]["nudges"])
        self._fit.set_state(state, self._kept_nudges()[count:])
        if self._files is not None:
            self._files.rows[:] = state["rows"]

    def _kept_nudges(self) -> tuple[Nudge, ...]:
        if self._place is None:
            return ()
        try:
            return read_nudges(os.path.join(self._place, NUDGES))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError) as error:
            self._say(f"warning: the nudges after the saved point are lost: {error}")
            return ()

    def _begin_files(self) -> None:
        if self._files is not None:
            self._files.begin(goes_on=self._goes_on, run=self._run_id, address=self.address)

    def _keep_state(self) -> None:
        if self._files is not None:
            self._begin_files()
            self._files.put_state()

    def _keep_nudges(self) -> None:
        if self._files is not None:
            self._begin_files()
            self._files.put_nudges(self._fit.nudging.kept if self._fit is not None else ())

    def _break_off(self) -> None:
        """Ends what a fit left that did not come to its end."""
        if self._server is not None:
            self._steering.end()
            self._close("failed", BROKEN_OFF)

    def _close(self, status: str, said: str | None) -> None:
        with _CLOSING:
            server, self._server = self._server, None
            files, self._files = self._files, None
            end, self._end = self._end, None
        if server is None or self._fit is None:
            return
        if end is not None:  # the next fit is not its to close
            end.detach()
        self._fit.end(status, said, is_whole=status != "failed")
        try:
            if files is not None:
                files.begin(goes_on=self._goes_on, run=self._run_id, address=None)
                files.end()
        finally:
            server.stop()

    def _note(self, message: str) -> None:
        if self._fit is not None:
            self._fit.say(message)

    def _say(self, message: str) -> None:
        if self.sink is not None:
            self.sink(f"Babysitter: {message}")


def _watch(token: weakref.ref, babysitter: weakref.ref, fit: weakref.ref) -> None:
    """Closes the page of a fit that was broken off, while a traceback still holds all of it.

    One that shows something new runs; only of one that does not are the frames looked at.
    The steps are left to what goes when the traceback does, for another fit may be running.
    """
    version = -1
    while True:
        time.sleep(WATCH_SECONDS)
        running, callback = token(), babysitter()
        if running is None or callback is None or callback.address is None:
            return
        if callback._fit is not fit():  # the next one has begun
            return
        before, version = version, callback._fit.board.version if callback._fit else -1
        if version == before and not is_running(running):
            callback._close("failed", BROKEN_OFF)
            return
        del running, callback


def _nudges_of(replay: Any) -> tuple[Nudge, ...]:
    if replay is None:
        return ()
    if isinstance(replay, (str, os.PathLike)):
        return read_nudges(replay)
    nudges = tuple(replay)
    if not all(isinstance(nudge, Nudge) for nudge in nudges):
        raise ValueError(
            "`replay` must be the path of a nudges.json, or a sequence of nudges. "
            f"Received: replay={replay!r}."
        )
    return tuple(sorted(nudges, key=lambda nudge: nudge.step))


def _check_alone(callbacks: Iterable[Any]) -> None:
    if sum(isinstance(each, Babysitter) for each in callbacks) > 1:
        raise ValueError(
            "`callbacks` must hold one Babysitter: two would each stand in the training step, and "
            "many can watch at one. Received: more than one. Leave the others out."
        )


def _first(callbacks: Iterable[Any], kind: type) -> Any:
    return next((each for each in callbacks if isinstance(each, kind)), None)
