"""The probability with which a dropout layer keeps a unit."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from kerasrecipes import backend
from kerasrecipes.layers import InvertedDropout
from kerasrecipes.live.setting import Setting, Value
from kerasrecipes.live.steering.stand_in import StandIn


class KeepProb:
    """`keep_prob` of an `InvertedDropout` as a knob; for training steps alone.

    Args:
        layer: One that drops units and is of this class itself.
        setting: As the program has it.
    """

    _value: Any
    is_inside = True
    is_exact = False

    def __init__(self, layer: InvertedDropout, setting: Setting) -> None:
        self.name = setting.name
        self._layer, self._setting = layer, setting
        self._rate, self._call = StandIn(layer, "rate"), StandIn(layer, "call")
        self.reset()

    def setting(self) -> Setting:
        """As it is now."""
        return dataclasses.replace(self._setting, value=self._value)

    def move(self, value: Value) -> None:
        """Takes a value that its setting has checked."""
        self._value = value

    def reset(self) -> None:
        """Goes back to what the program has."""
        self._value = self._setting.value

    @property
    def is_moved(self) -> bool:
        """Whether it is not as in the program."""
        return self._value != self._setting.value

    def numbers(self) -> list[float]:
        """What random numbers are compared with, and what is kept is multiplied by."""
        bound, scale = backend.dropout_numbers(self._rate_now(), self._layer.compute_dtype)
        return [float(bound), float(scale)]

    def put(self, numbers: Sequence[Any]) -> AbstractContextManager[None]:
        """Lets the layer drop by these tensors inside the block."""
        if backend.is_traced(numbers[0]):
            return self._call.by(self._dropping(*numbers))
        return self._rate.by(self._rate_now())  # a step that is not compiled reads it each time

    def _rate_now(self) -> float:
        return 1.0 - float(self._value)

    def _dropping(self, bound: Any, scale: Any) -> Any:
        def call(inputs: Any, training: bool = False) -> Any:
            if not training:
                return inputs
            return backend.dropped(inputs, bound, scale, self._layer.seed_generator)

        return call
