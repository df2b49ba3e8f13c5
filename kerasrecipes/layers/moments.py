"""Mean and variance of columns in one pass: float64, blocked, merged as Chan does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

BLOCK_ELEMENTS = 1 << 16  # half a MiB of float64: stays in a core's own cache
ROW_ELEMENTS = 512  # narrow rows are laid side by side up to this width, so that sums vectorise
CANCELLATION_LIMIT = 1e6  # of 1e16: at least ten digits of the squares survive


class Moments:
    """Accumulates count, mean and population variance of each column of a stream of batches.

    ```
    delta = mean_b - mean_a
    mean = mean_a + delta * n_b / (n_a + n_b)
    squares = squares_a + squares_b + delta^2 * n_a * n_b / (n_a + n_b)
    variance = squares / n
    ```

    Each block of a batch is summed about the mean so far, in float64, so that a large mean
    costs no digits; a block that lies too far off is summed again about its own mean.
    A column of one repeated value has a variance of exactly zero.

    Args:
        name: Function from a column's number to its name in error messages. Defaults to `str`.

    Example:
    >>> import numpy as np
    >>> moments = Moments().update(np.array([[1.0, 10.0], [3.0, 10.0]]))
    >>> moments.merge(Moments().update(np.array([[5.0, 10.0]]))).count
    3
    >>> moments.mean.tolist(), moments.variance.round(3).tolist()
    ([3.0, 10.0], [2.667, 0.0])

    Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing
    sample variances", 1979.
    """

    def __init__(self, name: Callable[[int], str] = str) -> None:
        self.name = name
        self.count = 0
        self.mean = np.zeros(0)
        self.squares = np.zeros(0)
        self.rounding = 0.0
        self._buffer = np.zeros(0)

    def update(self, batch: np.ndarray) -> Moments:
        """Adds the rows of a batch.

        Args:
            batch: Array of numbers `(rows, columns)`, any float, integer or boolean dtype.

        Returns:
            Itself.

        Raises:
            ValueError: If the batch is not 2-D, has another number of columns than those before
                it, or holds a NaN, an infinity or a value whose square overflows float64.
        """
        self._check_shape(batch)
        rows = max(8, BLOCK_ELEMENTS // max(1, batch.shape[1]))
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(batch), rows):
                block = batch[start : start + rows]
                self._add(len(block), *self._block_moments(block))
        if len(batch) and batch.dtype.kind == "f":
            self.rounding = max(self.rounding, float(np.finfo(batch.dtype).eps))
        return self

    def merge(self, other: Moments) -> Moments:
        """Adds all that `other` has seen, as if its batches had come here.

        Args:
            other: `Moments` of the same number of columns; left as it is.

        Returns:
            Itself.

        Raises:
            ValueError: If the numbers of columns differ.
        """
        if self.count and other.count and len(self.mean) != len(other.mean):
            raise ValueError(_columns_differ("other", len(self.mean), len(other.mean)))
        if other.count:
            self._add(other.count, other.mean, other.squares)
            self.rounding = max(self.rounding, other.rounding)
        return self

    @property
    def variance(self) -> np.ndarray:
        """Population variance of each column, `squares / count`, float64 `(columns,)`."""
        return self.squares / max(1, self.count)

    @property
    def constant(self) -> np.ndarray:
        """Which columns vary no more than the rounding of the dtype they are stored in.

        True where `deviation <= eps / 2 * |mean|`: one value, or two neighbouring floats.
        """
        return np.sqrt(self.variance) <= self.rounding / 2 * np.abs(self.mean)

    def _check_shape(self, batch: np.ndarray) -> None:
        if batch.ndim != 2:
            raise ValueError(
                "`batch` must be a matrix of rows and columns. "
                f"Received: batch of shape {batch.shape}. Reshape it to (rows, columns)."
            )
        if self.count and batch.shape[1] != len(self.mean):
            raise ValueError(_columns_differ("batch", len(self.mean), batch.shape[1]))

    def _add(self, count: int, mean: np.ndarray, squares: np.ndarray) -> None:
        if not self.count:
            self.count, self.mean, self.squares = count, mean.copy(), squares.copy()
            return
        total = self.count + count
        delta = mean - self.mean
        self.mean = self.mean + delta * (count / total)
        self.squares = self.squares + squares + delta**2 * (self.count * (count / total))
        self.count = total

    def _block_moments(self, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        centre = self.mean if self.count else block[0].astype("float64")
        shift, about_centre, squares = self._sums_about(centre, block)
        if not np.isfinite(about_centre).all():
            raise ValueError(_not_finite(block, self.name))
        if (about_centre > CANCELLATION_LIMIT * squares).any():
            centre = centre + shift
            shift, _, squares = self._sums_about(centre, block)
        return centre + shift, np.maximum(squares, 0.0)

    def _sums_about(self, centre: np.ndarray, block: np.ndarray) -> tuple[np.ndarray, ...]:
        """`mean(d)`, `sum(d^2)` and `sum((d - mean(d))^2)` of `d = block - centre`."""
        rows, columns = block.shape
        side_by_side = max(1, ROW_ELEMENTS // max(1, columns))
        padded = -(-rows // side_by_side) * side_by_side
        if self._buffer.size < padded * columns:
            self._buffer = np.empty(padded * columns)
        differences = self._buffer[: padded * columns].reshape(padded, columns)
        np.copyto(differences[:rows], block)
        wide = differences.reshape(-1, side_by_side * columns)
        np.subtract(wide, np.tile(centre, side_by_side), out=wide)
        differences[rows:] = 0.0
        total = wide.sum(axis=0).reshape(side_by_side, columns).sum(axis=0)
        np.multiply(wide, wide, out=wide)
        about_centre = wide.sum(axis=0).reshape(side_by_side, columns).sum(axis=0)
        return total / rows, about_centre, about_centre - total * (total / rows)


def gathered(batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Joins small batches of one dtype into blocks worth a pass of their own.

    Args:
        batches: Arrays `(rows, columns)` of one number of columns.

    Yields:
        Arrays of the same rows in the same order.

    Example:
    >>> import numpy as np
    >>> [len(block) for block in gathered(np.ones((2, 3)) for _ in range(5))]
    [10]
    """
    waiting: list[np.ndarray] = []
    size = 0
    for batch in batches:
        if waiting and (size + batch.size > BLOCK_ELEMENTS or batch.dtype != waiting[0].dtype):
            yield _joined(waiting)
            waiting, size = [], 0
        waiting.append(batch)
        size += batch.size
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[np.ndarray]) -> np.ndarray:
    return batches[0] if len(batches) == 1 else np.concatenate(batches)


def _columns_differ(argument: str, expected: int, received: int) -> str:
    return (
        f"`{argument}` must have the number of columns seen so far, {expected}: the moments are "
        f"kept for each column. Received: {received} columns. Use a new Moments for other data."
    )


def _not_finite(block: np.ndarray, name: Callable[[int], str]) -> str:
    bad = np.flatnonzero(~np.isfinite(block).all(axis=0))
    if not len(bad):
        bad = np.flatnonzero(np.abs(block.astype("float64")).max(axis=0) > 1e150)
        return (
            "`data` must stay below 1e150, where squares overflow float64. "
            f"Received: {_some(bad, name)}. Divide these columns by a constant first."
        )
    return (
        "`data` must be finite: a mean over NaN or infinity says nothing about the rest. "
        f"Received: NaN or infinity in {_some(bad, name)}. Impute or drop these values first."
    )


def _some(columns: np.ndarray, name: Callable[[int], str], most: int = 10) -> str:
    named = ", ".join(name(int(column)) for column in columns[:most])
    more = f" and {len(columns) - most} more" if len(columns) > most else ""
    return f"column{'s' if len(columns) > 1 else ''} {named}{more}"
