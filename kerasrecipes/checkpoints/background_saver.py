"""Checkpoints written beside the training, again and again until they are written."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

NOT_STORABLE = (TypeError, ValueError, RuntimeError, MemoryError)
BEHIND = 10  # a niceness
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)  # then every 30 s


class _Job(NamedTuple):
    number: int
    state: Any
    about: dict[str, Any]


class BackgroundSaver:
    """Saves in a thread; what cannot be written is said, and tried again.

    At most one state is being written and one waits: a newer one takes the place of one that
    waits, so that a slow disk never holds up the training.

    Args:
        save: Called with `(number, state, about)`; raises `OSError` if it cannot.
        sink: Called with a line when saving fails, and when it works again.
        retry_seconds: Waits between attempts; the last one is repeated.

    Example:
        >>> saved = []
        >>> saver = BackgroundSaver(lambda number, state, about: saved.append(number))
        >>> saver.put(1, {}, {})
        >>> saver.finish()
        True
        >>> saved
        [1]
    """

    def __init__(
        self,
        save: Callable[[int, Any, dict[str, Any]], Any],
        sink: Callable[[str], Any] = print,
        retry_seconds: tuple[float, ...] = RETRY_SECONDS,
    ) -> None:
        self.save, self.sink, self.retry_seconds = save, sink, retry_seconds
        self._changed = threading.Condition()
        self._waiting: _Job | None = None
        self._is_writing = self._is_failing = self._is_ending = False
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def put(self, number: int, state: Any, about: dict[str, Any]) -> None:
        """Hands over a state, which must not be changed any more.

        Raises:
            Exception: What a save before it raised, if that was no `OSError`.
        """
        with self._changed:
            self._raise()
            self._waiting, self._is_ending = _Job(number, state, about), False
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    @property
    def is_idle(self) -> bool:
        """Whether all that was put is saved or given up, and may be changed again."""
        with self._changed:
            return self._waiting is None and not self._is_writing

    def finish(self) -> bool:
        """Waits until all is written, or cannot be; whether it was."""
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()
        self._thread = None
        self._raise()
        return not self._is_failing

    def _run(self) -> None:
        _go_behind_the_training()
        while (job := self._next()) is not None:
            try:
                self._write(job)
            except NOT_STORABLE as error:  # raised again in the thread that trains
                with self._changed:
                    self._error, self._is_writing = error, False
                return
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()

    def _next(self) -> _Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._is_ending)
            job, self._waiting = self._waiting, None
            self._is_writing = job is not None
            return job

    def _write(self, job: _Job) -> None:
        """Tries until it works, a newer state is there, or the training has ended."""
        attempt = 0
        while True:
            try:
                self.save(*job)
            except OSError as error:
                self._say_failing(error)
            else:
                self._say_working()
                return
            seconds = self.retry_seconds[min(attempt, len(self.retry_seconds) - 1)]
            attempt += 1
            if self._is_over(seconds):
                return

    def _is_over(self, seconds: float) -> bool:
        with self._changed:
            if self._is_ending and self._waiting is None:
                return True
            return self._changed.wait_for(
                lambda: self._waiting is not None or self._is_ending, seconds
            ) and (self._waiting is not None)

    def _say_failing(self, error: OSError) -> None:
        if not self._is_failing:
            self._is_failing = True
            self.sink(
                f"warning: the checkpoint cannot be saved ({error.strerror or error}): training "
                "goes on, and it is tried again."
            )

    def _say_working(self) -> None:
        if self._is_failing:
            self._is_failing = False
            self.sink("the checkpoint could be saved again.")

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            self._thread = None
            raise error


def _go_behind_the_training() -> None:
    """On Linux a priority is that of a thread: this one takes what the training leaves."""
    if sys.platform == "linux":
        own = threading.get_native_id()
        with contextlib.suppress(OSError):
            niceness = max(BEHIND, os.getpriority(os.PRIO_PROCESS, own))
            os.setpriority(os.PRIO_PROCESS, own, niceness)
