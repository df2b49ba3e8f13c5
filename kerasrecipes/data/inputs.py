"""Arrays of inputs: rows of numbers or images, told apart by their shape."""

from typing import NamedTuple

import numpy as np

from kerasrecipes.data.errors import DataError
from kerasrecipes.data.finite import require_finite

CHANNELS = (1, 3, 4)


class Inputs(NamedTuple):
    """An array of examples and `(height, width, channels)` if they are images."""

    x: np.ndarray
    image_shape: tuple[int, int, int] | None


def as_inputs(x: np.ndarray, name: str = "x") -> Inputs:
    """Checks an array of examples and recognises images.

    `(m,)` and `(m, features)` are rows of numbers, `(m, height, width)` and
    `(m, height, width, channels)` with 1, 3 or 4 channels are images.

    Args:
        x: Array of integers, floats or true/false.
        name: String. What the array is called in messages.

    Returns:
        Inputs: float32, except that images of uint8 stay as they are.

    Raises:
        DataError: If it is empty, holds no numbers, NaN or infinity, or has another shape.

    Example:
    >>> as_inputs(np.zeros((10, 28, 28), "uint8")).image_shape
    (28, 28, 1)
    """
    if x.dtype.kind not in "biuf":
        raise DataError(
            f"`{name}` holds {x.dtype}, not numbers: text belongs in a .csv or .parquet table."
        )
    if not x.size:
        raise DataError(f"`{name}` has shape {x.shape} and so no values: add examples.")
    require_finite(x, name)
    image_shape = _image_shape(x, name)
    if image_shape and x.dtype == np.uint8:
        return Inputs(x, image_shape)
    if x.dtype.kind == "f" and np.abs(x).max() > np.finfo("float32").max:
        raise DataError(
            f"`{name}` holds {np.abs(x).max():.3g}, more than float32 can: divide it by a constant."
        )
    x = x.astype("float32", copy=False)
    return Inputs(x[:, None] if x.ndim == 1 else x, image_shape)


def _image_shape(x: np.ndarray, name: str) -> tuple[int, int, int] | None:
    if x.ndim in (1, 2):
        return None
    if x.ndim == 3:
        return (x.shape[1], x.shape[2], 1)
    if x.ndim == 4 and x.shape[3] in CHANNELS:
        return (x.shape[1], x.shape[2], x.shape[3])
    advice = "flatten each example to one row"
    if x.ndim == 4 and x.shape[1] in CHANNELS:
        advice = "move the channels to the end with `numpy.moveaxis(x, 1, -1)`"
    raise DataError(
        f"`{name}` has shape {x.shape}, which is neither rows `(m, features)` nor images `(m, "
        f"height, width)` or `(m, height, width, channels)` with 1, 3 or 4 channels: {advice}."
    )
