"""Data as arrays, where they are arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops, tree


def numbers(data: Any) -> np.ndarray | None:
    """The data as one array of numbers; of several arrays the first, tables side by side.

    Args:
        data: Array, tensor, DataFrame, or a list or dict of these, `(examples, ...)`.

    Returns:
        Array of numbers, or None where there is none to read: see `why_no_numbers`.

    Example:
        >>> numbers([np.ones((4, 2)), np.zeros((4, 3))]).shape
        (4, 5)
        >>> numbers(iter([1, 2])) is None
        True
    """
    if why_no_numbers(data):
        return None
    arrays = [_array(item) for item in _parts(data)]
    if len(arrays) > 1 and all(array.ndim == 2 for array in arrays):
        return np.concatenate(arrays, axis=1)
    return arrays[0]


def why_no_numbers(data: Any) -> str | None:
    """Why `numbers` reads nothing, in words; None if it does."""
    if data is None:
        return "none were given"
    parts = _parts(data)
    if not parts or not all(hasattr(item, "shape") and hasattr(item, "dtype") for item in parts):
        return f"{type(data).__name__} is read once, batch by batch: pass arrays to have them seen"
    arrays = [_array(item) for item in parts]
    if any(array.dtype.kind not in "biuf" for array in arrays):
        return "they are not numbers"
    if any(array.ndim == 0 or not array.size for array in arrays):
        return "they are empty"
    return None


def rows_of(array: np.ndarray, most: int, seed: int = 0) -> np.ndarray:
    """At most so many rows, drawn at random, in their order; all if there are no more."""
    if len(array) <= most:
        return np.arange(len(array))
    return np.sort(np.random.default_rng(seed).choice(len(array), most, replace=False))


def _parts(data: Any) -> list[Any]:
    if hasattr(data, "to_numpy"):
        return [data.to_numpy()]
    if isinstance(data, (list, tuple)) and data and not hasattr(data[0], "shape"):
        return [np.asarray(data)] if _is_plain(data) else []
    return [item.to_numpy() if hasattr(item, "to_numpy") else item for item in tree.flatten(data)]


def _is_plain(data: Any) -> bool:
    return all(isinstance(item, (int, float, bool, list, tuple)) for item in data)


def _array(item: Any) -> np.ndarray:
    return item if isinstance(item, np.ndarray) else np.asarray(ops.convert_to_numpy(item))
