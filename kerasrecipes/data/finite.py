"""NaN and infinity in arrays: refused, with the place."""

import numpy as np

from kerasrecipes.data.errors import DataError

BLOCK = 1 << 22


def require_finite(values: np.ndarray, name: str, advice: str = "") -> None:
    """Raises if an array holds NaN or infinity, and says where the first one is.

    Args:
        values: Array of any shape and dtype; only floating-point ones are looked at. It is read
            in blocks of rows, so that a large array costs no second one.
        name: String. What the array is called in the message.
        advice: String. What to do, at the end of the message. Default: remove or fill them.

    Raises:
        DataError: If a value is not finite.

    Example:
    >>> require_finite(np.array([1.0, 2.0]), "x")
    >>> require_finite(np.array([[1.0, 2.0], [3.0, np.nan]]), "x")
    Traceback (most recent call last):
        ...
    kerasrecipes.data.errors.DataError: `x` holds a value that is not finite: nan at index (1, 1)...
    """
    if values.dtype.kind != "f" or not values.size:
        return
    values = np.atleast_1d(values)
    rows = max(1, BLOCK // max(1, values[:1].size))
    for start in range(0, len(values), rows):
        block = values[start : start + rows]
        wrong = np.argwhere(~np.isfinite(block))
        if len(wrong):
            place = tuple(int(i) for i in wrong[0])
            index = (start + place[0], *place[1:])
            raise DataError(
                f"`{name}` holds a value that is not finite: {values[index]} at index "
                f"{index if len(index) > 1 else index[0]} (counted from 0). No cost can be "
                f"computed from it: {advice or 'remove such rows or fill them in.'}"
            )
