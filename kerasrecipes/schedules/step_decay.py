"""Decay in steps: the same rate for some epochs, then a fraction of it."""

from __future__ import annotations

from typing import Any

import keras

from kerasrecipes.schedules.schedule import Schedule, check_rate, check_whole, is_number


@keras.saving.register_keras_serializable(package="kerasrecipes")
class StepDecay(Schedule):
    """The rate is multiplied by `factor` every so many epochs: a discrete staircase.

    ```
    α(e) = factor^floor(e / every) * initial,    e = 0, 1, 2, ...
    ```

    Args:
        initial: Float > 0, the rate α0 of the first `every` epochs.
        factor: Float in (0, 1], by which each stair goes down.
        every: Integer >= 1, epochs on each stair.

    Raises:
        ValueError: If `initial` is not above 0, `factor` outside (0, 1], or `every` not a whole
            number >= 1.

    Example:
        >>> schedule = StepDecay(0.2, factor=0.5, every=2)
        >>> [schedule(epoch) for epoch in range(5)]
        [0.2, 0.2, 0.1, 0.1, 0.05]

    Source: Deep Learning Specialization, course 2, week 2.
    """

    def __init__(self, initial: float, factor: float, every: int) -> None:
        check_rate("initial", initial)
        check_whole("every", every, "a stair lasts at least one epoch")
        if not (is_number(factor) and 0 < factor <= 1):
            raise ValueError(
                "`factor` must be in (0, 1], or the rate would grow or change its sign. "
                f"Received: factor={factor}. Try 0.5."
            )
        self.initial, self.factor, self.every = initial, factor, every

    def formula(self, epoch: Any, xp: Any) -> Any:
        """`factor^floor(epoch / every) * initial`."""
        return float(self.initial) * xp.power(float(self.factor), xp.floor(epoch / self.every))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"initial": self.initial, "factor": self.factor, "every": self.every}
