"""A number that an optimizer keeps as an attribute: momentum, beta_1, weight decay."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from keras import ops

from kerasrecipes.live.setting import Setting
from kerasrecipes.live.steering.moved_number import MovedNumber
from kerasrecipes.live.steering.number_in_force import NumberInForce, rounded
from kerasrecipes.live.steering.stand_in import StandIn


class OptimizerNumber(MovedNumber):
    """Such a number as a knob.

    Args:
        optimizer: The one that moves the weights.
        setting: As the program has it; its name is that of the attribute.
        dtype: Of the weights.
    """

    is_inside = False
    is_exact = True

    def __init__(self, optimizer: Any, setting: Setting, dtype: str) -> None:
        super().__init__(setting)
        self._dtype = dtype
        self._place = StandIn(optimizer, setting.name)

    def numbers(self) -> list[float]:
        """The number, and what it lacks of 1."""
        return [rounded(self._value, self._dtype), rounded(1 - self._value, self._dtype)]

    def put(self, numbers: Sequence[Any]) -> AbstractContextManager[None]:
        """Lets the optimizer read these tensors inside the block."""
        return self._place.by(NumberInForce(*(ops.cast(number, self._dtype) for number in numbers)))
