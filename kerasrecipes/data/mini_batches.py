"""Shuffled mini-batches."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasrecipes.data.errors import DataError
from kerasrecipes.data.rows import as_rows, check_lengths, take_rows
from kerasrecipes.data.seeds import generator


def mini_batches(x: Any, y: Any, batch_size: int, *, seed: int = 0) -> Iterator[tuple[Any, Any]]:
    """Cuts shuffled examples into batches, every example in exactly one of them.

    `batches = ceil(m / batch_size)`; the last is short when `batch_size` does not divide `m`.

    Args:
        x: Array `(m, ...)`, DataFrame or list of `m` examples.
        y: Array `(m, ...)`, Series or list of `m` targets.
        batch_size: Integer >= 1. Examples in a batch.
        seed: Integer >= 0. The same seed gives the same order; take another for each epoch.

    Returns:
        Iterator of pairs `(x, y)`, made one at a time.

    Raises:
        ValueError: If `batch_size` is not an integer >= 1, or `seed` one >= 0.
        DataError: If `x` and `y` differ in length or have no rows.

    Source: Deep Learning Specialization, course 2.

    Example:
    >>> x = np.arange(5)
    >>> [batch.tolist() for batch, _ in mini_batches(x, x, 2)]
    [[2, 4], [3, 0], [1]]
    """
    if (
        isinstance(batch_size, bool)
        or not isinstance(batch_size, int | np.integer)
        or batch_size < 1
    ):
        raise ValueError(
            "`batch_size` must be an integer >= 1: it counts examples. Received: "
            f"batch_size={batch_size!r}."
        )
    x, y = as_rows(x, "x"), as_rows(y, "y")
    check_lengths(x=x, y=y)
    if not len(y):
        raise DataError("`x` and `y` have no rows: there are no batches to cut.")
    return _batches(x, y, int(batch_size), generator(seed).permutation(len(y)))


def _batches(x: Any, y: Any, size: int, order: np.ndarray) -> Iterator[tuple[Any, Any]]:
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        yield take_rows(x, rows), take_rows(y, rows)
