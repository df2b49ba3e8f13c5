"""Values as JSON knows them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """The value as strings, numbers, booleans, `None`, lists and dicts.

    NumPy scalars and arrays, tensors and tuples are converted, named tuples become dicts. NaN and
    infinity become `None`: JSON has no word for them. Anything else becomes its text.

    Example:
        >>> plain({"share": np.float32(0.5), "counts": (np.int64(1), math.inf)})
        {'share': 0.5, 'counts': [1, None]}
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if hasattr(value, "__array__"):
        return plain(np.asarray(value).tolist())
    return str(value)
