"""Decay by a constant factor each epoch."""

from __future__ import annotations

from typing import Any

import keras

from kerasrecipes.schedules.schedule import Schedule, check_rate, is_number


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ExponentialDecay(Schedule):
    """The rate falls by the same factor each epoch.

    ```
    α(e) = base^e * initial,    e = 0, 1, 2, ...
    ```

    Args:
        initial: Float > 0, the rate α0 of epoch 0.
        base: Float in (0, 1], the factor of an epoch. Defaults to `0.95`; 1 keeps the rate.

    Raises:
        ValueError: If `initial` is not above 0 or `base` outside (0, 1].

    Example:
        >>> schedule = ExponentialDecay(0.2)
        >>> [round(schedule(epoch), 4) for epoch in range(4)]
        [0.2, 0.19, 0.1805, 0.1715]

    Source: Deep Learning Specialization, course 2, week 2.
    """

    def __init__(self, initial: float, base: float = 0.95) -> None:
        check_rate("initial", initial)
        if not (is_number(base) and 0 < base <= 1):
            raise ValueError(
                "`base` must be in (0, 1], or the rate would grow or change its sign. "
                f"Received: base={base}. Try 0.95."
            )
        self.initial, self.base = initial, base

    def formula(self, epoch: Any, xp: Any) -> Any:
        """`base^epoch * initial`."""
        return float(self.initial) * xp.power(float(self.base), epoch)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"initial": self.initial, "base": self.base}
