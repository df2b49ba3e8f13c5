"""The random numbers that the batches of each epoch began with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kerasrecipes.checkpoints.random_state import (
    State,
    host_mark,
    host_state,
    same_mark,
    set_host_state,
)


class RandomCourse:
    """Notes where NumPy's and Python's random numbers stood when the batches of an epoch began.

    Data drawn again give the same numbers again, if they begin from the same state and nothing
    else draws in between. So a state is kept where others have drawn: before the first epoch of a
    process, and wherever callbacks did. Of most fits that is one state.

    Args:
        states: From the epoch, as text, to the state.

    Example:
        >>> import numpy as np
        >>> course = RandomCourse()
        >>> course.begin(0)
        >>> course.begin(1)
        >>> with course.others():
        ...     number = np.random.rand()
        >>> course.begin(2)
        >>> list(course.states)
        ['0', '2']
    """

    def __init__(self, states: Mapping[str, State] | None = None) -> None:
        self.states = dict(states or {})
        self._drawn = True  # before the first epoch here

    @contextmanager
    def others(self) -> Iterator[None]:
        """A block in which something else than the data may draw."""
        before = None if self._drawn else host_mark()
        yield
        if before is not None:
            self._drawn = not same_mark(before, host_mark())

    def begin(self, epoch: int) -> None:
        """Call it when the batches of an epoch are about to be drawn."""
        if self._drawn:
            self.states[str(epoch)] = host_state()
            self._drawn = False

    def begin_again(self, epoch: int) -> None:
        """Goes back to where the batches of this epoch began, if that is not what came before."""
        state: Any = self.states.get(str(epoch))
        if state is not None:
            set_host_state(state)
