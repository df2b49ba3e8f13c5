"""Which share of the examples goes to train, dev and test."""

import math
from collections.abc import Sequence

import numpy as np

from kerasrecipes.data.errors import DataError

TOLERANCE = 1e-6


def split_fractions(m: int) -> tuple[float, float, float]:
    """Tells the usual shares of train, dev and test for `m` examples.

    `60/20/20 below 100,000; 98/1/1 up to 1,000,000; 99.5/0.25/0.25 above`: dev and test need to be
    large enough to tell two models apart, not a share of the data.

    Args:
        m: Integer >= 1. Number of examples.

    Returns:
        Three floats that add up to 1.

    Raises:
        ValueError: If `m` is not an integer >= 1.

    Source: Deep Learning Specialization, course 2.

    Example:
    >>> split_fractions(10_000), split_fractions(1_000_000)
    ((0.6, 0.2, 0.2), (0.98, 0.01, 0.01))
    """
    if isinstance(m, bool) or not isinstance(m, int | np.integer) or m < 1:
        raise ValueError(f"`m` must be an integer >= 1: it counts examples. Received: m={m!r}.")
    if m < 100_000:
        return (0.6, 0.2, 0.2)
    if m <= 1_000_000:
        return (0.98, 0.01, 0.01)
    return (0.995, 0.0025, 0.0025)


def check_fractions(fractions: Sequence[float]) -> tuple[float, ...]:
    """Checks the shares of the three parts.

    Args:
        fractions: Three numbers from 0 to 1 that add up to 1 within 1e-6.

    Returns:
        Three floats that add up to 1.

    Raises:
        ValueError: If they are not.

    Example:
    >>> check_fractions((0.5, 0.3, 0.3))
    Traceback (most recent call last):
        ...
    ValueError: `fractions` must add up to 1, so that every example goes to one part... 1.1...
    """
    values = tuple(float(fraction) for fraction in fractions)
    received = f"Received: fractions={values}."
    if len(values) != 3:
        raise ValueError(f"`fractions` must be three, of train, dev and test. {received}")
    if not all(math.isfinite(value) and 0 <= value <= 1 for value in values):
        raise ValueError(f"`fractions` must lie in 0 to 1: each is a share of the rows. {received}")
    if abs(sum(values) - 1) > TOLERANCE:
        raise ValueError(
            "`fractions` must add up to 1, so that every example goes to one part: these add up to "
            f"{sum(values):.6g}. {received}"
        )
    return tuple(value / sum(values) for value in values)


def part_sizes(m: int, fractions: Sequence[float]) -> np.ndarray:
    """Turns shares into numbers of rows that add up to `m`, by the largest remainder.

    Args:
        m: Integer. Number of rows.
        fractions: Shares that add up to 1. Each above 0 gets a row at least.

    Returns:
        int64 array, one size for each part.

    Raises:
        DataError: If there are fewer rows than parts.

    Example:
    >>> part_sizes(10, (0.6, 0.2, 0.2)).tolist(), part_sizes(4, (0.98, 0.01, 0.01)).tolist()
    ([6, 2, 2], [2, 1, 1])
    """
    shares = np.asarray(fractions, dtype="float64")
    wanted = int((shares > 0).sum())
    if m < wanted:
        raise DataError(
            f"{m} {'row is' if m == 1 else 'rows are'} fewer than the {wanted} parts to fill: add "
            "examples, or set a fraction to 0."
        )
    exact = np.round(m * shares, 9)
    sizes = np.floor(exact).astype("int64")
    largest = np.argsort(sizes - exact, kind="stable")
    sizes[largest[: m - sizes.sum()]] += 1
    for part in np.flatnonzero((shares > 0) & (sizes == 0)):
        sizes[np.argmax(sizes)] -= 1
        sizes[part] += 1
    return sizes
