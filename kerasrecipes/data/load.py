"""Loading a data set as two arrays, ready for a model."""

from pathlib import Path

import numpy as np

from kerasrecipes.data.encoding import Encoding
from kerasrecipes.data.read import read
from kerasrecipes.data.target_encoding import TargetEncoding


def load(
    name_or_path: "str | Path", *, target: str | None = None, task: str = "auto"
) -> tuple[np.ndarray, np.ndarray]:
    """Loads examples as arrays `(x, y)`, ready for `model.fit`.

    The columns of a table are encoded from **all** rows (medians, categories). For an honest
    estimate on dev and test sets use `read`, split, and fit an `Encoding` on the training rows
    alone, as `kerasrecipes run` does.

    Args:
        name_or_path: A name (`"digits"`, `"wine"`, ...) or the path of a .csv, .npz or .parquet
            file: see `read`.
        target: String. The column of a table to predict. Default: as `read` finds it.
        task: `"auto"` (default), `"classification"` or `"regression"`.

    Returns:
        `x`: float32 `(m, features)`; images keep their shape and, if uint8, their dtype.
        `y`: int64 `(m,)` with the classes in sorted order as 0 to k - 1, or float32 `(m,)`.

    Raises:
        DataError: In one line, what keeps the data from being used and what to do.

    Example:
    >>> x, y = load("digits")
    >>> x.shape, x.dtype.name, y.dtype.name
    ((1797, 64), 'float32', 'int64')
    """
    examples = read(name_or_path, target, task=task)
    y = TargetEncoding.fit(examples.y, examples.task).transform(examples.y)
    if isinstance(examples.x, np.ndarray):
        return examples.x, y
    return Encoding.fit(examples.x).transform(examples.x), y
