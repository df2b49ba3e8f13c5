"""Rows of arrays, lists and pandas tables, counted and taken alike."""

from typing import Any

import numpy as np

from kerasrecipes.data.errors import DataError


def as_rows(values: Any, name: str) -> Any:
    """Returns something whose rows can be taken: pandas objects as they are, all else an array.

    Args:
        values: Array, list, tensor, DataFrame or Series with one row for each example.
        name: String. What it is called in messages.

    Returns:
        The DataFrame or Series itself, or an array of one dimension at least.

    Raises:
        DataError: If it is a single value or a list of rows of different lengths.

    Example:
    >>> as_rows([[1, 2], [3, 4]], "x").shape
    (2, 2)
    """
    if hasattr(values, "iloc"):
        return values
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DataError(
            f"`{name}` has rows of different shapes, so it is no array: cut them to one shape."
        ) from error
    if array.ndim == 0:
        raise DataError(f"`{name}` is a single value: give one row for each example.")
    return array


def check_lengths(**named: Any) -> None:
    """Raises if two things that belong together differ in their number of rows.

    Args:
        **named: Two values with a length, by their names in the message.

    Raises:
        DataError: With both names and both numbers.

    Example:
    >>> check_lengths(x=[1, 2, 3], y=[1, 2])
    Traceback (most recent call last):
        ...
    kerasrecipes.data.errors.DataError: `x` has 3 rows and `y` has 2: each example needs one of...
    """
    (first, a), (second, b) = named.items()
    if len(a) != len(b):
        raise DataError(
            f"`{first}` has {len(a):,} rows and `{second}` has {len(b):,}: each example needs one "
            "of both, so make them equal."
        )


def take_rows(values: Any, rows: np.ndarray) -> Any:
    """Returns the rows with the given positions, as a copy of the same type.

    Args:
        values: Array, DataFrame or Series.
        rows: Integers, positions from 0.

    Returns:
        The rows, in the order of `rows`.

    Example:
    >>> take_rows(np.array([10, 20, 30]), np.array([2, 0])).tolist()
    [30, 10]
    """
    return values.iloc[rows] if hasattr(values, "iloc") else values[rows]
