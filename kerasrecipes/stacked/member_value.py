"""One number for each of many models, where the code expects one number."""

from __future__ import annotations

from typing import Any

from keras import ops


class MemberValue:
    """A number of each member, in the place of the one number of a single model.

    Stands for a Python float in Keras objects (an optimizer's `beta_1`, a regularizer's `l2`): in
    arithmetic it is the tensor, in a question such as `momentum != 0` what all members have in
    common, a number that is not 0.

    Args:
        tensor: Floating-point tensor: shape `(members, 1)` beside stacked weights, a scalar inside
            the program of one member.
    """

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor
        self.dtype = str(getattr(tensor.dtype, "name", tensor.dtype))
        self.shape = tensor.shape

    def __bool__(self) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return _of_zero(other, True)

    def __eq__(self, other: object) -> bool:
        return _of_zero(other, False)

    def __gt__(self, other: Any) -> bool:
        return _of_zero(other, True)

    def __lt__(self, other: Any) -> bool:
        return _of_zero(other, False)

    __hash__ = object.__hash__
    __ge__, __le__ = __gt__, __lt__

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        return self.tensor if dtype is None else ops.cast(self.tensor, dtype.name)

    def __jax_array__(self) -> Any:
        return self.tensor

    def __neg__(self) -> Any:
        return ops.negative(self.tensor)

    def __add__(self, other: Any) -> Any:
        return ops.add(self.tensor, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return ops.subtract(self.tensor, other)

    def __rsub__(self, other: Any) -> Any:
        return ops.subtract(other, self.tensor)

    def __mul__(self, other: Any) -> Any:
        return ops.multiply(self.tensor, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return ops.divide(self.tensor, other)

    def __rtruediv__(self, other: Any) -> Any:
        return ops.divide(other, self.tensor)

    def __pow__(self, other: Any) -> Any:
        return ops.power(self.tensor, other)


def _of_zero(other: Any, answer: bool) -> bool:
    """The answer that all members have in common, if it is a question that has one."""
    if (
        other is None
        or isinstance(other, (bool, str))
        or (isinstance(other, (int, float)) and not other)
    ):
        return answer
    raise TypeError(f"a number that differs by member was compared with {other!r}")
