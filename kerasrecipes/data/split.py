"""Train, dev and test sets without an example in common."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasrecipes.data.errors import DataError
from kerasrecipes.data.finite import require_finite
from kerasrecipes.data.fractions import check_fractions, part_sizes, split_fractions
from kerasrecipes.data.grouping import grouped_parts
from kerasrecipes.data.rows import as_rows, check_lengths, take_rows
from kerasrecipes.data.seeds import generator
from kerasrecipes.data.stratify import class_labels, stratified_parts

__all__ = ["Split", "split_fractions", "train_dev_test_split"]


class Split(NamedTuple):
    """The three parts of a data set, each a pair `(x, y)`."""

    train: tuple[Any, Any]
    dev: tuple[Any, Any]
    test: tuple[Any, Any]


def train_dev_test_split(
    x: Any,
    y: Any,
    fractions: Sequence[float] | None = None,
    *,
    stratify: "bool | str" = "auto",
    groups: Any = None,
    seed: int = 0,
) -> Split:
    """Divides examples into train, dev and test, every example in exactly one of them.

    Args:
        x: Array `(m, ...)`, DataFrame or list of `m` examples.
        y: Array `(m, ...)`, Series or list of `m` targets.
        fractions: Three numbers from 0 to 1 that add up to 1 within 1e-6: the shares of train, dev
            and test. Each above 0 gets an example at least. Default: `split_fractions(m)`.
        stratify: True, False or `"auto"` (default). Whether each class has the same share in all
            parts; `"auto"` does so for text, bool, integer and one-hot targets with two rows a
            class on average. A class of three rows or more is in every part if the sizes allow it,
            a class of one row in train.
        groups: Array, Series or list `(m,)`. Rows of one group (a patient, a speaker) stay on one
            side; the sizes come as near to the fractions as the groups allow. Default: none.
        seed: Integer >= 0. The same seed gives the same parts, to the bit.

    Returns:
        Split: `(x, y)` of train, dev and test, in shuffled order. DataFrames and Series keep their
        type and index, all else becomes an array.

    Raises:
        ValueError: If `fractions`, `stratify` or `seed` are not as above.
        DataError: If `x`, `y` and `groups` differ in length, arrays hold NaN or infinity, or there
            are fewer rows (or groups) than parts.

    Source: Deep Learning Specialization, course 2.

    Example:
    >>> x, y = np.arange(20).reshape(10, 2), np.array([0, 1] * 5)
    >>> split = train_dev_test_split(x, y, (0.6, 0.2, 0.2))
    >>> [len(y) for _, y in split], split.test[1].tolist()
    ([6, 2, 2], [0, 1])
    """
    x, y = as_rows(x, "x"), as_rows(y, "y")
    check_lengths(x=x, y=y)
    m = len(y)
    if not m:
        raise DataError("`x` and `y` have no rows: there is nothing to divide.")
    shares = check_fractions(split_fractions(m) if fractions is None else fractions)
    for name, values in (("x", x), ("y", y)):
        if isinstance(values, np.ndarray):
            require_finite(values, name)
    rng = generator(seed)
    labels = class_labels(np.asarray(y), stratify)
    if groups is not None:
        groups = as_rows(groups, "groups")
        check_lengths(x=x, groups=groups)
        parts = grouped_parts(_group_names(groups), labels, shares, rng)
    elif labels is not None:
        parts = stratified_parts(labels, shares, rng)
    else:
        parts = rng.permutation(np.repeat(np.arange(3), part_sizes(m, shares)))
    order = rng.permutation(m)
    chosen = [order[parts[order] == part] for part in range(3)]
    train, dev, test = ((take_rows(x, rows), take_rows(y, rows)) for rows in chosen)
    return Split(train, dev, test)


def _group_names(groups: Any) -> np.ndarray:
    names = np.asarray(groups)
    if names.ndim != 1:
        raise ValueError(
            f"`groups` must be one name or number for each row. Received: shape {names.shape}."
        )
    return np.array([str(name) for name in names]) if names.dtype == object else names
