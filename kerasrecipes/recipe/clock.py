"""The wall time of a run, over all the processes that it takes."""

from __future__ import annotations

import time


class Clock:
    """Counts the seconds of a run; a process that goes on begins where the one before was.

    The time between two processes does not count, nor what a killed one spent after it noted the
    time last.

    Example:
        >>> clock = Clock()
        >>> clock.go_on_from(100.0)
        >>> 100.0 <= clock() < 101.0
        True
    """

    def __init__(self) -> None:
        self._before, self._began = 0.0, time.monotonic()

    def __call__(self) -> float:
        """Seconds spent so far."""
        return self._before + time.monotonic() - self._began

    def go_on_from(self, seconds: float) -> None:
        """Counts at least so many seconds from before this process.

        Args:
            seconds: What the clock of an earlier process of the run said.
        """
        self._before = max(self._before, seconds)
