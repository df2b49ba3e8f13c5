"""Decay by hand: the rates a person chose, with the epochs from which they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from kerasrecipes.schedules.schedule import LARGEST_COUNT, Schedule, check_rate, is_number


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ManualDecay(Schedule):
    """Each rate holds from its epoch on, until the next one.

    ```
    α(e) = rates[largest epoch in rates that is <= e]
    ```

    Args:
        rates: Dict from epoch (integer >= 0, one of them 0) to rate (float > 0). A person may
            also raise the rate again.

    Raises:
        ValueError: If epoch 0 is missing, an epoch is not a whole number >= 0, or a rate is not
            above 0.

    Example:
        >>> schedule = ManualDecay({0: 0.1, 10: 0.01})
        >>> [schedule(epoch) for epoch in (0, 9, 10, 99)]
        [0.1, 0.1, 0.01, 0.01]

    Source: Deep Learning Specialization, course 2, week 2 ("manual decay").
    """

    def __init__(self, rates: dict[int, float]) -> None:
        if not isinstance(rates, Mapping):
            raise ValueError(
                "`rates` must be a dict from epoch to rate. "
                f"Received: rates={rates!r}. Write ManualDecay({{0: 0.1}})."
            )
        for epoch, rate in rates.items():
            if not is_number(epoch) or not 0 <= epoch <= LARGEST_COUNT or epoch % 1:
                raise ValueError(
                    "`rates` must have whole numbers >= 0 as epochs. "
                    f"Received: epoch={epoch!r} in rates={rates}. Write ManualDecay({{0: 0.1}})."
                )
            check_rate(f"rates[{epoch}]", rate)
        if 0 not in rates:
            raise ValueError(
                "`rates` must say the rate of epoch 0, with which training begins. "
                f"Received: rates={rates}. Add an entry for epoch 0."
            )
        self.rates = dict(rates)

    def formula(self, epoch: Any, xp: Any) -> Any:
        """The rate of the last epoch named that has begun."""
        rate = xp.full_like(epoch, float(self.rates[0]))
        for start in sorted(self.rates):
            rate = xp.where(epoch >= start, float(self.rates[start]), rate)
        return rate

    def get_config(self) -> dict[str, Any]:
        """The rates as pairs, because JSON knows no integer keys."""
        return {"rates": [[int(epoch), self.rates[epoch]] for epoch in sorted(self.rates)]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> ManualDecay:
        """Makes the schedule again from `get_config()`."""
        return cls(dict(config["rates"]))
