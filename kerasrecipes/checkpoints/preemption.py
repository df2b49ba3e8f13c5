"""SIGTERM as a request to save, and to end with a status that says: start me again."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

EXIT_STATUS = 75  # EX_TEMPFAIL of sysexits.h: "the user is invited to retry"


class Preempted(SystemExit):
    """Raised once a run that was asked to end has been saved; the exit status is 75."""

    def __init__(self) -> None:
        super().__init__(EXIT_STATUS)


class Preemption:
    """Notes the first SIGTERM between `begin` and `end`; the second ends the process as usual.

    Clusters send it before they take a machine away. Outside of the main thread, where signals do
    not arrive, nothing is changed.

    Args:
        is_heeded: Whether somebody still asks for the note. Where it says no, because what was
            begun was broken off, the signal goes to whoever had it before. By default always.

    Attributes:
        asked: Whether the signal came.

    Example:
        >>> preemption = Preemption()
        >>> preemption.begin()
        >>> signal.raise_signal(signal.SIGTERM)
        >>> preemption.asked
        True
        >>> preemption.end()
    """

    def __init__(self, is_heeded: Callable[[], bool] = lambda: True) -> None:
        self.is_heeded = is_heeded
        self.asked = False
        self._before: Any = None
        self._is_on = False

    def begin(self) -> None:
        """Takes the signal over."""
        self.asked = False
        if threading.current_thread() is threading.main_thread():
            self._before, self._is_on = signal.signal(signal.SIGTERM, self._note), True

    def end(self) -> None:
        """Gives the signal back to whoever had it."""
        if self._is_on and threading.current_thread() is threading.main_thread():
            self._is_on = False
            # A handler that was not installed from Python is told as None, and cannot be put back.
            signal.signal(signal.SIGTERM, self._before or signal.SIG_DFL)

    def leave(self) -> None:
        """Ends the program: by the handler that was there before, if it was someone's own.

        Raises:
            Preempted: If that handler returns, or there was none.
        """
        self.end()
        if callable(self._before):
            self._before(signal.SIGTERM, None)
        raise Preempted

    def _note(self, number: int, frame: FrameType | None) -> None:
        if not self.is_heeded():
            self.end()
            signal.raise_signal(number)
            return
        if self.asked:
            raise Preempted
        self.asked = True
