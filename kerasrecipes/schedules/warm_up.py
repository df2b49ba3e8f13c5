"""A linear warm-up before another schedule."""

from __future__ import annotations

from typing import Any

import keras

from kerasrecipes.schedules.schedule import Schedule, check_whole


@keras.saving.register_keras_serializable(package="kerasrecipes")
class WarmUp(Schedule):
    """Rises linearly to the schedule's first rate, then runs the schedule from its beginning.

    ```
    α(e) = schedule(0) * min(1, (e + 1) / epochs)    for e < epochs
    α(e) = schedule(e - epochs)                      for e >= epochs
    ```

    The first epoch runs at `schedule(0) / epochs`, the last one of the warm-up at `schedule(0)`.

    Args:
        schedule: A `Schedule`, which begins after the warm-up: its epoch 0 is epoch `epochs`.
        epochs: Integer >= 1, the length of the warm-up.

    Raises:
        TypeError: If `schedule` is not a `Schedule`.
        ValueError: If `epochs` is not a whole number >= 1.

    Example:
        >>> from kerasrecipes.schedules import ExponentialDecay
        >>> schedule = WarmUp(ExponentialDecay(0.2, base=0.5), epochs=4)
        >>> [round(schedule(epoch), 4) for epoch in range(7)]
        [0.05, 0.1, 0.15, 0.2, 0.2, 0.1, 0.05]

    Source: Goyal et al., "Accurate, Large Minibatch SGD", 2017.
    """

    def __init__(self, schedule: Schedule, epochs: int) -> None:
        if not isinstance(schedule, Schedule):
            raise TypeError(
                "`schedule` must be a Schedule of kerasrecipes, which runs after the warm-up. "
                f"Received: schedule={schedule!r}. For a constant rate use "
                "ExponentialDecay(rate, base=1.0)."
            )
        check_whole("epochs", epochs, "a warm-up lasts at least one epoch")
        self.schedule, self.epochs = schedule, epochs

    def formula(self, epoch: Any, xp: Any) -> Any:
        """The ramp times the schedule, which waits at its epoch 0 during the warm-up."""
        ramp = xp.minimum((epoch + 1.0) / self.epochs, 1.0)
        return ramp * self.schedule.formula(xp.maximum(epoch - self.epochs, 0.0), xp)

    def get_config(self) -> dict[str, Any]:
        """The arguments; the schedule as a serialised Keras object."""
        schedule = keras.saving.serialize_keras_object(self.schedule)
        return {"schedule": schedule, "epochs": self.epochs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> WarmUp:
        """Makes the schedule again from `get_config()`."""
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(schedule, config["epochs"])
