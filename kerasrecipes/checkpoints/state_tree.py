"""A tree of plain values and arrays, as JSON and a list of arrays; it comes back as it was."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasrecipes.checkpoints.dtypes import named, stored_as

DEEPEST = 100
SHORT_INTEGER = 2**63


def flatten(state: Any) -> tuple[Any, list[np.ndarray]]:
    """Takes a tree apart into what JSON holds and arrays that `.npz` holds.

    A dict becomes an object, None, bool, int, str and finite floats become themselves, and
    everything else a list that begins with its kind, such as `["tuple", 1, 2]`.

    Args:
        state: Of dict with str keys, list, tuple, None, bool, int, float, str, bytes, NumPy arrays
            and NumPy scalars; of these types themselves, since a subclass would not come back.

    Returns:
        The JSON value, and the arrays that it counts from 0.

    Raises:
        TypeError: If something else is in it; the message says where.
        ValueError: If it is nested more than 100 deep.

    Example:
    >>> value, arrays = flatten({"epoch": 3, "weights": (np.zeros(2), float("inf"))})
    >>> value
    {'epoch': 3, 'weights': ['tuple', ['array', 0], ['float', '7ff0000000000000']]}
    >>> arrays
    [array([0., 0.])]
    """
    arrays: list[np.ndarray] = []
    return _flat(state, "state", 0, arrays), arrays


def unflatten(value: Any, arrays: Sequence[np.ndarray]) -> Any:
    """The tree that `flatten` took apart.

    Args:
        value: Its JSON value.
        arrays: Its arrays.

    Returns:
        The tree, of the same values and types.

    Raises:
        Exception: Of many kinds, if `flatten` did not make them.

    Example:
    >>> unflatten(*flatten([1, (2.5, b"text", np.float32(0.5))]))
    [1, (2.5, b'text', np.float32(0.5))]
    """
    if isinstance(value, dict):
        return {key: unflatten(inner, arrays) for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    kind, *rest = value
    if kind in ("list", "tuple"):
        inner = (unflatten(each, arrays) for each in rest)
        return list(inner) if kind == "list" else tuple(inner)
    return FROM_JSON[kind](arrays, *rest)


def count_arrays(value: Any) -> int:
    """How many arrays a JSON value of `flatten` stands for."""
    if isinstance(value, dict):
        return sum(map(count_arrays, value.values()))
    if not isinstance(value, list):
        return 0
    if value[:1] in (["array"], ["scalar"]):
        return 1
    return sum(map(count_arrays, value))


def _flat(value: Any, where: str, depth: int, arrays: list[np.ndarray]) -> Any:
    if depth > DEEPEST:
        raise ValueError(f"`{where[:80]}...` is nested more than {DEEPEST} deep: store it flatter.")
    kind = type(value)
    if kind is dict:
        for key in value:
            if type(key) is not str:
                raise TypeError(f"`{where}` has the key {key!r}, which is no string: use `str`.")
        return {key: _flat(value[key], f"{where}[{key!r}]", depth + 1, arrays) for key in value}
    if kind in (list, tuple):
        inner = (_flat(v, f"{where}[{n}]", depth + 1, arrays) for n, v in enumerate(value))
        return [kind.__name__, *inner]
    if kind in TO_JSON:
        return TO_JSON[kind](value)
    if isinstance(value, np.generic) or kind in (np.ndarray, np.memmap):
        return _flat_array(value, where, arrays)
    raise TypeError(
        f"`{where}` is a {kind.__module__}.{kind.__qualname__}, which cannot be stored: make it a "
        "dict, list, tuple, None, bool, int, float, str, bytes or a NumPy array."
    )


def _flat_array(value: Any, where: str, arrays: list[np.ndarray]) -> list[Any]:
    try:
        dtype, name = stored_as(value.dtype)
    except TypeError as error:
        raise TypeError(f"`{where}` cannot be stored: {error}") from error
    array, scalar = np.asarray(value), isinstance(value, np.generic)
    if scalar and dtype.names is None:  # thousands of them would be thousands of members
        return ["number", name or dtype.str, array.tobytes().hex()]
    arrays.append(array if name is None else array.view(dtype))
    return ["scalar" if scalar else "array", len(arrays) - 1, *([name] if name else [])]


def _flat_int(value: int) -> Any:
    """Python refuses to read integers of some thousand decimal digits."""
    return value if -SHORT_INTEGER <= value < SHORT_INTEGER else ["int", hex(value)]


def _flat_float(value: float) -> Any:
    """JSON has no infinities, and one NaN alone."""
    return value if math.isfinite(value) else ["float", struct.pack(">d", value).hex()]


def _array(arrays: Sequence[np.ndarray], number: int, name: str | None = None) -> np.ndarray:
    if name is None:
        return arrays[number]
    if (dtype := named(name)) is None:
        raise ValueError(f"the dtype {name!r} is not known here")
    return arrays[number].view(dtype)


def _number(arrays: Sequence[np.ndarray], dtype: str, digits: str) -> Any:
    return np.ndarray((), named(dtype) or dtype, bytes.fromhex(digits)).copy()[()]


TO_JSON: dict[type, Callable[[Any], Any]] = {
    type(None): lambda value: value,
    bool: lambda value: value,
    str: lambda value: value,
    int: _flat_int,
    float: _flat_float,
    bytes: lambda value: ["bytes", base64.b64encode(value).decode("ascii")],
    np.str_: lambda value: ["str_", str.__str__(value)],  # its own drops zeros at the end
    np.bytes_: lambda value: ["bytes_", base64.b64encode(value).decode("ascii")],
}
FROM_JSON: dict[str, Callable[..., Any]] = {
    "int": lambda arrays, digits: int(digits, 16),
    "float": lambda arrays, digits: struct.unpack(">d", bytes.fromhex(digits))[0],
    "bytes": lambda arrays, text: base64.b64decode(text, validate=True),
    "str_": lambda arrays, text: np.str_(text),
    "bytes_": lambda arrays, text: np.bytes_(base64.b64decode(text, validate=True)),
    "number": _number,
    "array": _array,
    "scalar": lambda arrays, number: arrays[number][()],
}
