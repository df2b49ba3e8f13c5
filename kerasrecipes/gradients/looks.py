"""At which steps of a training to look: a plain function of the step's number."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

SCANNED = 100_000  # steps ahead that are asked for at a time


def ten_per_decade(step: int) -> bool:
    """Whether to look at this step: the first ten, then ten between a step and ten times it.

    Steps 0 to 10, 13, 16, 20, 25, 32, 40, 50, 63, 80, 100, and their tenfolds: dense where a
    training is decided, and a thousandth of the steps later on.

    Args:
        step: Number of the step, >= 0.

    Example:
        >>> [step for step in range(9, 101) if ten_per_decade(step)]
        [9, 10, 13, 16, 20, 25, 32, 40, 50, 63, 80, 100]
    """
    while step >= 100:
        if step % 10:
            return False
        step //= 10
    return step < 10 or step in _DECADE


_DECADE = {10, 13, 16, 20, 25, 32, 40, 50, 63, 80}


class Looks:
    """The steps to look at, in order, each asked for once.

    Args:
        when: Takes the number of a step, says whether to look at it.
        every: Only each `every`-th step moves the weights (gradient accumulation): a look waits for
            the next of those.
        offset: Steps since the weights moved, when the first step is taken.
    """

    def __init__(self, when: Callable[[int], bool], every: int = 1, offset: int = 0) -> None:
        self.when, self.every, self.offset = when, every, offset
        self._scanned = 0
        self._waiting: list[int] = []

    def upcoming(self, step: int, most: int) -> list[int]:
        """The next looks from `step` on, at most `most`, and none beyond 100,000 steps ahead."""
        self._waiting = [look for look in self._waiting if look >= step]
        for look in self._scan(step + SCANNED):
            if look >= step and look not in self._waiting[-1:]:
                self._waiting.append(look)
            if len(self._waiting) >= most:
                break
        return self._waiting[:most]

    def _scan(self, end: int) -> Iterator[int]:
        steps = range(self._scanned, end)
        for step in _decades(steps) if self.when is ten_per_decade else filter(self.when, steps):
            self._scanned = step + 1
            yield step + (-(step + 1 + self.offset)) % self.every
        self._scanned = max(self._scanned, end)


def _decades(steps: range) -> Iterator[int]:
    """Those of consecutive steps that `ten_per_decade` looks at, without asking for each."""
    scales = (10**power for power in range(len(str(steps.stop))))
    later = (step * scale for scale in scales for step in sorted(_DECADE))
    return (step for step in itertools.chain(range(10), later) if step in steps)
