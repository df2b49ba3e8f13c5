"""A learning rate as a function of the epoch."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from kerasrecipes.schedules.per_step import PerStep


class Schedule:
    """A learning rate as a function of the epoch, counted from 0.

    A subclass writes its arguments in `__init__`, `get_config`, and the `formula` once, with an
    array module `xp` that is NumPy for `schedule(epoch)` and `keras.ops` for `per_step`.

    Example:
        >>> class Halving(Schedule):
        ...     def formula(self, epoch, xp):
        ...         return 0.1 * xp.power(0.5, epoch)
        ...
        ...     def get_config(self):
        ...         return {}
        >>> Halving()(2)
        0.025
    """

    def formula(self, epoch: Any, xp: Any) -> Any:
        """The rate at `epoch`, a floating-point array or tensor >= 0, in the words of `xp`."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The arguments, JSON-able."""
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Schedule:
        """Makes the schedule again from `get_config()`."""
        return cls(**config)

    def __call__(self, epoch: Any) -> Any:
        """The rate at an epoch >= 0: a float for a number, a float64 array for an array."""
        epochs = np.asarray(epoch, dtype="float64")
        if not np.all(epochs >= 0):
            raise ValueError(
                "`epoch` must be >= 0: epochs are counted from 0. "
                f"Received: epoch={epoch}. The first epoch is 0."
            )
        rates = np.broadcast_to(self.formula(epochs, np), epochs.shape)
        return float(rates) if epochs.ndim == 0 else np.array(rates, dtype="float64")

    def per_step(self, steps_per_epoch: int, *, staircase: bool = True) -> PerStep:
        """The same schedule counted in optimizer steps, to hand to an optimizer.

        Args:
            steps_per_epoch: Integer >= 1, optimizer steps in an epoch.
            staircase: Whether the rate stays the same within an epoch. Defaults to `True`;
                with `False` it follows the formula at fractions of an epoch.

        Example:
            >>> from kerasrecipes.schedules import StepDecay
            >>> rate = StepDecay(0.1, factor=0.5, every=1).per_step(steps_per_epoch=100)
            >>> [round(float(rate(step)), 6) for step in (0, 99, 100)]
            [0.1, 0.1, 0.05]
        """
        return PerStep(self, steps_per_epoch, staircase=staircase)


LARGEST_RATE = 1e38  # float32 holds it
LARGEST_COUNT = 2**31 - 1  # int32, in which optimizers count their steps


def is_number(value: Any) -> bool:
    """Whether a value is a real number; true and false are none."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def check_rate(name: str, rate: float) -> None:
    """Raises ValueError unless `rate` is a finite number above 0."""
    if not (is_number(rate) and 0 < rate <= LARGEST_RATE):
        raise ValueError(
            f"`{name}` must be a finite learning rate > 0: at 0 nothing is learnt. "
            f"Received: {name}={rate}. Try 0.01."
        )


def check_whole(name: str, number: int, meaning: str) -> None:
    """Raises ValueError unless `number` is a whole number >= 1."""
    if not is_number(number) or not 1 <= number <= LARGEST_COUNT or number % 1:
        raise ValueError(
            f"`{name}` must be a whole number >= 1 that int32 holds: {meaning}. "
            f"Received: {name}={number}. Round it to 1 or more."
        )
