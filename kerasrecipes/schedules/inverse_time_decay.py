"""Decay with the inverse of the epoch."""

from __future__ import annotations

from typing import Any

import keras

from kerasrecipes.schedules.schedule import LARGEST_RATE, Schedule, check_rate, is_number


@keras.saving.register_keras_serializable(package="kerasrecipes")
class InverseTimeDecay(Schedule):
    """The rate falls with the inverse of the epoch.

    ```
    α(e) = initial / (1 + decay_rate * e),    e = 0, 1, 2, ...
    ```

    Args:
        initial: Float > 0, the rate α0 of epoch 0.
        decay_rate: Float >= 0, per epoch; at epoch `1 / decay_rate` the rate has halved.

    Raises:
        ValueError: If `initial` is not above 0 or `decay_rate` below 0.

    Example:
        >>> schedule = InverseTimeDecay(0.2, decay_rate=1.0)
        >>> [round(schedule(epoch), 4) for epoch in range(4)]
        [0.2, 0.1, 0.0667, 0.05]

    Source: Deep Learning Specialization, course 2, week 2.
    """

    def __init__(self, initial: float, decay_rate: float) -> None:
        check_rate("initial", initial)
        if not (is_number(decay_rate) and 0 <= decay_rate <= LARGEST_RATE):
            raise ValueError(
                "`decay_rate` must be a finite number >= 0, or the rate would grow. "
                f"Received: decay_rate={decay_rate}. Use 0.0 for a constant rate."
            )
        self.initial, self.decay_rate = initial, decay_rate

    def formula(self, epoch: Any, xp: Any) -> Any:
        """`initial / (1 + decay_rate * epoch)`."""
        return float(self.initial) / (1.0 + float(self.decay_rate) * epoch)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"initial": self.initial, "decay_rate": self.decay_rate}
