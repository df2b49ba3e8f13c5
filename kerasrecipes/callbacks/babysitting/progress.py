"""Where a fit is, and how long it will take still."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping
from typing import Any

_NEVER = float("inf")


class Progress:
    """Counts the batches of a fit and its time.

    Args:
        epochs: Planned.
        batches: Of an epoch; None if unknown, until one has ended.
        initial_epoch: The first one.
        clock: Seconds that only go forward.

    Attributes:
        epoch: From 0.
        batch: Batches done in the epoch.

    Example:
        >>> progress = Progress(epochs=2, batches=3)
        >>> progress.begin_epoch(0)
        >>> progress.begin_batch(2)
        >>> progress.step, progress.to_dict()["steps"]
        (2, 6)
    """

    def __init__(
        self,
        epochs: int,
        batches: int | None,
        initial_epoch: int = 0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.epochs, self.batches, self.initial_epoch = epochs, batches, initial_epoch
        self.epoch, self.batch = initial_epoch, 0
        self._clock = clock
        self._began, self._before = clock(), 0
        self._first_step, self._worked = 0, 0.0  # of this process, pauses apart
        self._paused, self._pause_began = 0.0, _NEVER

    @property
    def step(self) -> int:
        """Batches done in the fit."""
        return self._before + self.batch

    @property
    def seconds(self) -> float:
        """Since the fit began, in all processes that it went through; pauses are in it."""
        return self._clock() - self._began

    def begin_epoch(self, epoch: int) -> None:
        """An epoch begins."""
        self.epoch, self.batch = epoch, 0

    def begin_batch(self, batch: int) -> None:
        """So many batches of the epoch are done."""
        self.batch = batch

    def end_epoch(self, batches: int) -> None:
        """The epoch had so many batches."""
        self._before += batches
        self.batch, self.batches = 0, self.batches or batches

    def pause(self) -> None:
        """Time that passes from here on is not that of steps."""
        self._pause_began = self._clock()

    def go_on(self) -> None:
        """The pause is over."""
        if self._pause_began < _NEVER:
            self._paused += self._clock() - self._pause_began
            self._pause_began = _NEVER

    def to_dict(self) -> dict[str, Any]:
        """As the page shows it; `step_seconds` holds what is done between epochs too."""
        steps = self.batches and (self.epochs - self.initial_epoch) * self.batches
        each = self._step_seconds()
        left = None if each is None or steps is None else max(0, steps - self.step) * each
        return {
            "epoch": self.epoch,
            "epochs": self.epochs,
            "step": self.step,
            "steps": steps,
            "batch": self.batch,
            "batches": self.batches,
            "seconds": round(self.seconds, 3),
            "seconds_left": left,
            "step_seconds": each,
            "updated": now(),
        }

    def _step_seconds(self) -> float | None:
        done = self.step - self._first_step
        paused = self._paused
        if self._pause_began < _NEVER:
            paused += self._clock() - self._pause_began
        return (self.seconds - self._worked - paused) / done if done else None

    def get_state(self) -> dict[str, Any]:
        """All that another process needs to count on."""
        names = ("epoch", "batch", "batches")
        state = {name: getattr(self, name) for name in names}
        return state | {"before": self._before, "seconds": self.seconds}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Counts on from what `get_state` returned."""
        for name in ("epoch", "batch", "batches"):
            setattr(self, name, state[name])
        self._before = state["before"]
        self._began = self._clock() - state["seconds"]
        self._first_step, self._worked = self.step, state["seconds"]
        self._paused = 0.0


def now() -> str:
    """The time in ISO 8601, with the zone."""
    return datetime.datetime.now().astimezone().isoformat(timespec="milliseconds")
