"""The norm to which all gradients together are clipped, also where the program clips nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from keras import ops

from kerasrecipes import backend
from kerasrecipes.live.setting import Setting
from kerasrecipes.live.steering.moved_number import MovedNumber
from kerasrecipes.live.steering.number_in_force import NumberInForce, rounded
from kerasrecipes.live.steering.stand_in import StandIn

OFF = 2.0**100  # no norm of float32 is larger, and 1 / OFF * OFF is 1
OFF_IN_HALF = 2.0**14  # of float16, whose numbers end there


class ClipNorm(MovedNumber):
    """`global_clipnorm` of an optimizer as a knob.

    A program that clips so goes on by Keras's own code.

    Args:
        optimizer: The one that moves the weights.
        setting: Its name, label and range.
        dtype: Of the weights.
    """

    is_inside = False

    def __init__(self, optimizer: Any, setting: Setting, dtype: str) -> None:
        self._own = optimizer.global_clipnorm or None
        super().__init__(dataclasses.replace(setting, value=self._own))
        self._dtype = dtype
        name = "_clip_gradients" if self._own is None else "global_clipnorm"
        self._place = StandIn(optimizer, name)
        self.is_exact = self._own is not None

    def numbers(self) -> list[float]:
        """The norm and its inverse; of no clipping one that is never reached."""
        value = self._value
        if value is None:
            value = OFF_IN_HALF if self._dtype == "float16" else OFF
        return [rounded(value, self._dtype), rounded(1 / value, self._dtype)]

    def put(self, numbers: Sequence[Any]) -> AbstractContextManager[None]:
        """Lets the optimizer clip by these tensors inside the block."""
        norm, inverse = (ops.cast(number, self._dtype) for number in numbers)
        if self._own is not None:
            return self._place.by(NumberInForce(norm, inverse=inverse))
        is_off = ops.greater_equal(norm, OFF_IN_HALF if self._dtype == "float16" else OFF)
        return self._place.by(
            lambda grads: backend.mostly_as_they_are(
                grads, is_off, lambda: clip_factor(grads, norm, inverse)
            )
        )


def clip_factor(gradients: Sequence[Any], norm: Any, inverse: Any) -> Any:
    """What all gradients are multiplied by, as in Keras's `global_clipnorm`.

    Args:
        gradients: All of a step; those of embeddings may be sparse.
        norm: The largest that all together may have, a scalar tensor.
        inverse: `1 / norm`.
    """
    dense = [ops.convert_to_tensor(each) for each in gradients]
    found = ops.sqrt(ops.sum(ops.stack([ops.sum(ops.square(each)) for each in dense])))
    return norm * ops.minimum(1.0 / found, inverse) + (found - found)
