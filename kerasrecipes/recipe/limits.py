"""What may end a run before its work is done: the budget, Ctrl-C, SIGTERM."""

from __future__ import annotations

from collections.abc import Callable

from kerasrecipes.checkpoints.preemption import Preemption
from kerasrecipes.recipe.clock import Clock


class Limits:
    """Tells whether to go on.

    Args:
        budget: Minutes of wall time, over all processes of the run.
        should_stop: Asked whether to end with what there is; once it has said `True`, it counts.
        preemption: Tells of a SIGTERM.

    Attributes:
        clock: Counts the seconds of the run.
        deadline: What it says when the budget is spent.

    Example:
        >>> limits = Limits(2.0, lambda: False, Preemption())
        >>> limits.is_over(), limits.is_over(ahead=121.0), limits.is_interrupted()
        (False, True, False)
    """

    def __init__(
        self, budget: float, should_stop: Callable[[], bool], preemption: Preemption
    ) -> None:
        self.budget, self.should_stop, self.preemption = budget, should_stop, preemption
        self.clock, self.deadline = Clock(), 60 * budget
        self._asked = False

    def is_over(self, ahead: float = 0.0) -> bool:
        """Whether the budget is spent in so many seconds."""
        return self.clock() + ahead > self.deadline

    def is_interrupted(self) -> bool:
        """Whether to end with what there is."""
        self._asked = self._asked or self.should_stop()
        return self._asked

    def leave_if_asked(self) -> None:
        """Ends the program if SIGTERM has come; what is to be kept must be kept by now.

        Raises:
            Preempted: With the exit status that means: start me again.
        """
        if self.preemption.asked:
            self.preemption.leave()
