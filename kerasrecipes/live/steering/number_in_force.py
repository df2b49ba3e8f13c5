"""A number that a compiled step reads when it runs, where the code has a Python number."""

from __future__ import annotations

from typing import Any

import ml_dtypes  # noqa: F401  (so that NumPy knows bfloat16 by name)
import numpy as np
from keras import ops

from kerasrecipes.stacked.member_value import MemberValue


class NumberInForce(MemberValue):
    """Stands for a number of an optimizer while a step is traced.

    What a program makes of a Python number in float64, and only then rounds, cannot be made of the
    rounded number to the last bit. So whoever moves it computes these too.

    Args:
        tensor: The number, a scalar of the weights' dtype.
        complement: `1 - number`, likewise; None if it is the tensors' difference.
        inverse: `1 / number`, likewise.
    """

    def __init__(self, tensor: Any, complement: Any = None, inverse: Any = None) -> None:
        super().__init__(tensor)
        self._complement, self._inverse = complement, inverse

    def __rsub__(self, other: Any) -> Any:
        if self._complement is not None and _is_one(other):
            return self._complement
        return super().__rsub__(other)

    def __sub__(self, other: Any) -> Any:
        if self._complement is not None and _is_one(other):
            return ops.negative(self._complement)
        return super().__sub__(other)

    def __rtruediv__(self, other: Any) -> Any:
        if self._inverse is not None and _is_one(other):
            return self._inverse
        return super().__rtruediv__(other)


def rounded(value: float, dtype: str) -> float:
    """The number nearest to `value` that `dtype` has.

    Example:
        >>> rounded(0.1, "float16")
        0.0999755859375
    """
    return float(np.asarray(value, "float64").astype(dtype))


def shortest(value: Any) -> float:
    """The decimal number that a float32 was most likely made of.

    Example:
        >>> shortest(np.float32(0.001)), float(np.float32(0.001))
        (0.001, 0.0010000000474974513)
    """
    return float(str(np.float32(value)))


def _is_one(other: Any) -> bool:
    return isinstance(other, (int, float)) and other == 1
