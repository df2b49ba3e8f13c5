"""The probability with which a dropout layer keeps a unit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from kerasrecipes import backend
from kerasrecipes.layers import InvertedDropout
from kerasrecipes.live.setting import Setting
from kerasrecipes.live.steering.moved_number import MovedNumber
from kerasrecipes.live.steering.stand_in import StandIn


class KeepProb(MovedNumber):
    """`keep_prob` of an `InvertedDropout` as a knob; for training steps alone.

    Args:
        layer: One that drops units and is of this class itself.
        setting: As the program has it.
    """

    is_inside = True
    is_exact = False

    def __init__(self, layer: InvertedDropout, setting: Setting) -> None:
        super().__init__(setting)
        self._layer = layer
        self._rate, self._call = StandIn(layer, "rate"), StandIn(layer, "call")

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
