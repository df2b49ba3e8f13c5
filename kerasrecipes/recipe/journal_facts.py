"""What must be the same for a recipe to go on where another process broke off."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from kerasrecipes.checkpoints.versions import exact_versions
from kerasrecipes.data import Split

FORMAT = 1  # of what is kept


def journal_facts(split: Split, asked: dict[str, Any]) -> dict[str, Any]:
    """The data, what was asked for, and the versions of what computes, as plain values.

    Args:
        split: The data; of each array the shape, dtype and a checksum of every row are taken.
        asked: What the recipe was asked for, ready for JSON.

    Example:
        >>> rows = (np.zeros((2, 3)), np.array(["a", "b"]))
        >>> facts = journal_facts(Split(rows, rows, (None, None)), {"seed": 0})
        >>> facts["data"]["train"]["inputs"]["shape"], facts["data"]["test"]
        ([2, 3], {'inputs': None, 'targets': None})
    """
    parts = zip(("train", "dev", "test"), split, strict=True)
    data = {name: {"inputs": _array(x), "targets": _array(y)} for name, (x, y) in parts}
    return {"format": FORMAT, "asked": asked, "data": data, "versions": exact_versions()}


def _array(values: Any) -> dict[str, Any] | None:
    if values is None:
        return None
    array = np.ascontiguousarray(values)
    if array.dtype.hasobject:
        content = "\x1f".join(map(repr, array.ravel().tolist())).encode("utf-8", "replace")
    else:
        content = array.tobytes()
    checksum = zlib.crc32(content)
    return {"shape": list(array.shape), "dtype": str(array.dtype), "checksum": checksum}
