"""Dividing the rows so that every part has the classes in the same shares."""

import numpy as np

from kerasrecipes.data.fractions import part_sizes
from kerasrecipes.data.target import one_hot_labels


def stratified_parts(
    labels: np.ndarray, fractions: tuple[float, ...], rng: np.random.Generator
) -> np.ndarray:
    """Assigns each row to a part, with the classes in the same shares everywhere.

    `rows of class c in part p = n_c f_p`, rounded so that the sizes of the parts are exact. A class
    with a row for each part gets into each of them, and a class with one row goes to train, as far
    as the sizes allow.

    Args:
        labels: Integers `(m,)`: the class of each row, from 0.
        fractions: Shares of the parts, which add up to 1.
        rng: Random generator; the same state gives the same parts.

    Returns:
        Integers `(m,)`: the part of each row.

    Example:
    >>> labels = np.repeat([0, 1], [30, 10])
    >>> parts = stratified_parts(labels, (0.6, 0.2, 0.2), np.random.default_rng(0))
    >>> np.bincount(labels * 3 + parts).reshape(2, 3).tolist()
    [[18, 6, 6], [6, 2, 2]]
    """
    sizes = part_sizes(len(labels), fractions)
    open_parts = np.flatnonzero(sizes)
    shares = np.asarray(fractions)[open_parts]
    counts = _class_counts(np.bincount(labels), shares, sizes[open_parts], rng)
    order = np.lexsort((rng.random(len(labels)), labels))
    parts = np.empty(len(labels), dtype="int64")
    parts[order] = np.repeat(np.tile(open_parts, len(counts)), counts.ravel())
    return parts


def class_labels(y: np.ndarray, stratify: "bool | str") -> np.ndarray | None:
    """Returns the class of each row as integers from 0, or None where rows are not to be balanced.

    Args:
        y: Array `(m, ...)` of targets.
        stratify: True, False, or `"auto"`: balance labels (text, bool, integers, one-hot) that have
            two rows a class on average.

    Returns:
        Integers `(m,)`, or None.

    Raises:
        ValueError: If `stratify` is something else, or True for targets that are no labels.

    Example:
    >>> class_labels(np.array(["b", "a", "b", "a"]), "auto")
    array([1, 0, 1, 0])
    >>> class_labels(np.array([0.5, 0.2, 0.1]), "auto") is None
    True
    """
    if not isinstance(stratify, bool | np.bool_) and stratify != "auto":
        raise ValueError(
            f"`stratify` must be True, False or 'auto'. Received: stratify={stratify!r}."
        )
    if not stratify:
        return None
    column = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    one_hot = one_hot_labels(column)
    labels = column if one_hot is None else one_hot
    whole = labels.dtype.kind == "f" and stratify is True and (labels == np.floor(labels)).all()
    if labels.ndim != 1 or not (labels.dtype.kind in "biuUSO" or whole):
        if stratify == "auto":
            return None
        raise ValueError(
            "`stratify` balances classes, and needs `y` to be one label for each row or one-hot. "
            f"Received: y of shape {y.shape} and dtype {y.dtype}. Use stratify=False."
        )
    if labels.dtype.kind == "O":
        labels = np.array([str(label) for label in labels])
    classes, index = np.unique(labels, return_inverse=True)
    return None if stratify == "auto" and len(labels) < 2 * len(classes) else index


def _class_counts(
    n: np.ndarray, shares: np.ndarray, sizes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Returns how many rows of each class go to each part, `(classes, parts)`."""
    exact = np.round(n[:, None] * shares, 9)
    counts = np.floor(exact).astype("int64")
    remainder = exact - counts + 1e-6 * rng.random(exact.shape)
    rank = np.argsort(np.argsort(-remainder, axis=1), axis=1)
    counts += rank < (n - counts.sum(axis=1))[:, None]
    counts[n == 1] = np.eye(len(shares), dtype="int64")[0]
    rows = np.arange(len(n))
    for part in range(len(shares)):
        short = rows[(n >= len(shares)) & (counts[:, part] == 0)]
        counts[short, np.argmax(counts[short], axis=1)] -= 1
        counts[short, part] += 1
    if len(shares) == 3:
        pairs = rows[n == 2]
        counts[pairs] = [1, 0, 0]
        counts[pairs, 1 + np.arange(len(pairs)) % 2] = 1
    phases = [(n >= len(shares), 1), (n == 2, 0), (n >= 2, 0), (n >= 1, 0)]
    for movable, least in phases:
        _repair(counts, exact, sizes, movable, least)
    return counts


def _repair(
    counts: np.ndarray, exact: np.ndarray, sizes: np.ndarray, movable: np.ndarray, least: int
) -> None:
    """Moves rows, in place, from the part too large to the part too small, where it hurts least.

    Only rows of `movable` classes move, and never below `least` rows of a class in a part.
    """
    while True:
        excess = counts.sum(axis=0) - sizes
        giver, taker = int(np.argmax(excess)), int(np.argmin(excess))
        over = (counts - exact)[:, giver] - (counts - exact)[:, taker]
        able = np.flatnonzero(movable & (counts[:, giver] > least))
        chosen = able[np.argsort(-over[able], kind="stable")][: min(excess[giver], -excess[taker])]
        if not len(chosen):
            return
        counts[chosen, giver] -= 1
        counts[chosen, taker] += 1
