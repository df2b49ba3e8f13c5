"""A callback's state as what a file can hold: plain values and arrays, and nothing shared."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

PLAIN = (bool, int, float, str, bytes)


def plain_copy(value: Any, place: str = "state") -> Any:
    """A copy all the way down, in which tensors and variables are arrays.

    Args:
        value: A tree of dicts with text as keys, lists and tuples, of None, booleans, numbers,
            text, bytes, arrays and tensors. Of these types themselves: one that derives from them,
            as a named tuple does, would not come back as what it was.
        place: Name of the value, for the message.

    Raises:
        TypeError: If anything else is in it.

    Example:
        >>> plain_copy({"best": ops.ones(2), "seen": (1, [2.0])})
        {'best': array([1., 1.], dtype=float32), 'seen': (1, [2.0])}
    """
    if value is None or type(value) in PLAIN or isinstance(value, np.generic):
        return value
    if type(value) is dict and all(type(name) is str for name in value):
        return {name: plain_copy(part, f"{place}[{name!r}]") for name, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(plain_copy(part, f"{place}[{i}]") for i, part in enumerate(value))
    if isinstance(value, keras.Variable) or ops.is_tensor(value):
        value = ops.convert_to_numpy(value)
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return np.array(value)
    raise TypeError(
        f"`{place}` must be made of dicts with text as keys, lists, tuples, None, numbers, text "
        "and arrays, for it is written to a file. "
        f"Received: {place} of type {type(value).__name__}. "
        "Turn it into one of these, or leave it out and make it again in on_train_begin."
    )
