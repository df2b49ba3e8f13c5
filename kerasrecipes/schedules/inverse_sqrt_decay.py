"""Decay with the square root of the epoch."""

from __future__ import annotations

from typing import Any

import keras

from kerasrecipes.schedules.schedule import LARGEST_RATE, Schedule, check_rate, is_number


@keras.saving.register_keras_serializable(package="kerasrecipes")
class InverseSqrtDecay(Schedule):
    """The rate falls with the square root of the epoch.

    ```
    α(e) = k * initial / sqrt(e)    for e >= 1
    α(e) = k * initial              for e < 1
    ```

    The formula is infinite at epoch 0; there the rate is that of epoch 1.

    Args:
        initial: Float > 0, α0.
        k: Float > 0, a constant factor. Defaults to `1.0`.

    Raises:
        ValueError: If `initial` or `k` is not above 0.

    Example:
        >>> schedule = InverseSqrtDecay(0.2)
        >>> [round(schedule(epoch), 4) for epoch in (0, 1, 4, 16)]
        [0.2, 0.2, 0.1, 0.05]

    Source: Deep Learning Specialization, course 2, week 2.
    """

    def __init__(self, initial: float, k: float = 1.0) -> None:
        check_rate("initial", initial)
        if not (is_number(k) and 0 < k <= LARGEST_RATE):
            raise ValueError(
                "`k` must be a finite number > 0: it multiplies the learning rate. "
                f"Received: k={k}. The default is 1.0."
            )
        self.initial, self.k = initial, k

    def formula(self, epoch: Any, xp: Any) -> Any:
        """`k * initial / sqrt(max(epoch, 1))`."""
        return float(self.k) * float(self.initial) / xp.sqrt(xp.maximum(epoch, 1.0))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"initial": self.initial, "k": self.k}
