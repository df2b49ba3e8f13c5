"""The dtypes of arrays by name, also those that NumPy itself does not know."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from numpy.lib import format as npy


def stored_as(dtype: np.dtype) -> tuple[np.dtype, str | None]:
    """The dtype of NumPy's own that holds the bytes of `dtype`, and the name of it if it differs.

    Args:
        dtype: Any dtype without Python objects.

    Returns:
        The dtype that a `.npy` file can name; the name of `dtype` in `ml_dtypes`, or None.

    Raises:
        TypeError: If no file can hold it without pickle.

    Example:
    >>> stored_as(np.dtype("float32"))
    (dtype('float32'), None)
    >>> stored_as(np.dtype(ml_dtypes.bfloat16))
    (dtype('V2'), 'bfloat16')
    """
    named_so = named(dtype.name)
    if named_so is not None and named_so == dtype:  # None would be float64
        return np.dtype(f"V{dtype.itemsize}"), dtype.name
    if dtype.hasobject or dtype.metadata or not _is_known_to_files(dtype):
        raise TypeError(
            f"an array of dtype {dtype} cannot be stored without pickle: make it numbers, "
            "`bytes` or fixed-width text."
        )
    return dtype, None


def named(name: Any) -> np.dtype | None:
    """The dtype of that name in `ml_dtypes`, or None."""
    if not isinstance(name, str) or not isinstance(kind := getattr(ml_dtypes, name, None), type):
        return None
    return np.dtype(kind) if issubclass(kind, np.generic) else None


def _is_known_to_files(dtype: np.dtype) -> bool:
    """Whether a `.npy` file of version 2 brings back this very dtype."""
    try:
        description = npy.dtype_to_descr(dtype)
        str(description).encode("latin1")  # all that its header takes
        again = npy.descr_to_dtype(description)
        return again == dtype and again.type is dtype.type
    except (TypeError, ValueError):
        return False
