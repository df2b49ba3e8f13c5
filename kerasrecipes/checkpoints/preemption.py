"""SIGTERM as a request to save, and to end with a status that says: start me again."""

from __future__ import annotations

import signal
import threading
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

    Example:
        >>> preemption = Preemption()
        >>> preemption.begin()
        >>> signal.raise_signal(signal.SIGTERM)
        >>> preemption.asked
        True
        >>> preemption.end()
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def begin(self) -> None:
        """Takes the signal over."""
        self.asked = False
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._note)

    def end(self) -> None:
        """Gives the signal back to whoever had it."""
        before, self._before = self._before, None
        if before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)

    def leave(self) -> None:
        """Ends the program: by the handler that was there before, if it was someone's own.

        Raises:
            Preempted: If that handler returns, or there was none.
        """
        before = self._before
        self.end()
        if callable(before):
            before(signal.SIGTERM, None)
        raise Preempted

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise Preempted
        self.asked = True
