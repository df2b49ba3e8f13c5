"""The time that this process itself has worked."""

from __future__ import annotations

import time
from collections.abc import Callable

WAITED = 1 / 3  # of the time on the wall counts at least


class OwnTime:
    """A clock that runs slower while other processes hold the processor.

    A diagnosis has a budget of seconds. By a clock on the wall, a machine that is busy with
    something else would leave it too few steps to judge by, and one program would be judged
    differently from run to run. Between two looks at this clock, the smaller of the time on the
    wall and the processor time of this process passes, but no less than a third of the time on the
    wall: so a budget of 15 seconds never takes more than 45, also where a GPU does the work.

    Args:
        wall: Clock on the wall, in seconds.
        processor: Processor time of this process, in seconds, all of its threads together.

    Example:
        >>> wall, processor = iter([0.0, 10.0, 12.0]), iter([0.0, 4.0, 8.0])
        >>> clock = OwnTime(wall.__next__, processor.__next__)
        >>> clock(), clock()
        (4.0, 6.0)
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.perf_counter,
        processor: Callable[[], float] = time.process_time,
    ) -> None:
        self._wall, self._processor = wall, processor
        self._last, self._passed = (wall(), processor()), 0.0

    def __call__(self) -> float:
        """Seconds passed since the clock was made."""
        now = self._wall(), self._processor()
        waited, worked = (new - old for new, old in zip(now, self._last, strict=True))
        self._last = now
        self._passed += max(min(waited, worked), WAITED * waited)
        return self._passed


own_time = OwnTime()
