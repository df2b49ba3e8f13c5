"""Labels made wrong on purpose, to see what a careless hand costs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasrecipes.data.seeds import generator


def with_wrong_labels(y: Sequence[Any] | np.ndarray, count: int, *, seed: int = 0) -> np.ndarray:
    """A copy of the labels in which some are replaced by another class that occurs.

    Which examples, and which of the other classes, is drawn evenly.

    Args:
        y: Labels, one a row: an array of shape `(m,)` of integers, booleans or text.
        count: Integer from 0 to `m`, how many labels are made wrong.
        seed: Integer >= 0. Defaults to `0`.

    Returns:
        Array like `y`, which is left as it is.

    Raises:
        ValueError: If `y` is not one label a row, `count` or `seed` is out of range, or there is
            but one class.

    Example:
    >>> y = np.array([0, 1, 2, 0, 1, 2])
    >>> int((with_wrong_labels(y, 2) != y).sum())
    2

    Source: Deep Learning Specialization, course 2: what is learned of wrong labels is variance.
    """
    y = np.array(y)
    if y.ndim != 1 or y.dtype.kind not in "iubUS":
        raise ValueError(
            "`y` must hold labels, one a row, integers, booleans or text: other numbers have no "
            f"other class. Received: an array of shape {y.shape} and dtype {y.dtype}."
        )
    if isinstance(count, bool) or not isinstance(count, int | np.integer):
        raise ValueError(f"`count` must be an integer. Received: count={count!r}.")
    if not 0 <= count <= len(y):
        raise ValueError(
            f"`count` must be from 0 to {len(y)}, the labels. Received: count={count}."
        )
    classes, places = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"`y` must hold two classes or more. Received: {len(classes)}.")
    wrong = generator(seed).permutation(len(y))[:count]
    shift = generator(seed).integers(1, len(classes), count)
    y[wrong] = classes[(places[wrong] + shift) % len(classes)]
    return y
