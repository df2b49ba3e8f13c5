"""Dividing groups of rows so that each group lies on one side."""

import numpy as np

from kerasrecipes.data.errors import DataError

SWAPPED_GROUPS = 300  # pairs are compared all with all, so beyond this only single moves are tried
MOST_ROUNDS = 500
NEAR_ENOUGH = 0.01


def grouped_parts(
    groups: np.ndarray,
    labels: np.ndarray | None,
    fractions: tuple[float, ...],
    rng: np.random.Generator,
) -> np.ndarray:
    """Assigns each row to a part, all rows of a group to the same one.

    Minimises `sum over parts and classes of (rows - wanted rows)^2 / rows of the class`, where the
    whole set counts as one more class: groups are dealt out one after the other, in random order,
    then moved and swapped while that helps. Where dealing out the largest first comes closer by
    more than 1% of the rows, that is used.

    Args:
        groups: Array `(m,)`: the group of each row.
        labels: Integers `(m,)`, classes to be balanced too, or None.
        fractions: Shares of the parts, which add up to 1.
        rng: Random generator; the same state gives the same parts.

    Returns:
        Integers `(m,)`: the part of each row.

    Raises:
        DataError: If there are fewer groups than parts.

    Example:
    >>> groups = np.repeat(["a", "b", "c"], [6, 2, 2])
    >>> parts = grouped_parts(groups, None, (0.6, 0.2, 0.2), np.random.default_rng(0))
    >>> np.bincount(parts).tolist()
    [6, 2, 2]
    """
    names, index = np.unique(groups, return_inverse=True)
    open_parts = np.flatnonzero(fractions)
    if len(names) < len(open_parts):
        raise DataError(
            f"{len(names)} {'group is' if len(names) == 1 else 'groups are'} fewer than the "
            f"{len(open_parts)} parts to fill, and a group is never divided: add groups, or set a "
            "fraction to 0."
        )
    rows = _weighted_rows(index, labels)
    wanted = np.asarray(fractions)[open_parts, None] * rows.sum(axis=0)
    shuffled = rng.permutation(len(names))
    largest = shuffled[np.argsort(-rows[shuffled, 0], kind="stable")]
    random, sorted_ = (_improve(rows, wanted, _deal(rows, wanted, o)) for o in (shuffled, largest))
    near = NEAR_ENOUGH * np.sqrt(len(groups))
    better = _distance(rows, wanted, sorted_) + near < _distance(rows, wanted, random)
    return open_parts[_fill(rows, sorted_ if better else random, len(open_parts))][index]


def _weighted_rows(index: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    """Returns `(groups, 1 + classes)`: rows of each group in all and of each class, weighted."""
    totals = np.bincount(index).astype("float64")[:, None]
    if labels is not None:
        by_class = np.zeros((len(totals), labels.max() + 1))
        np.add.at(by_class, (index, labels), 1.0)
        totals = np.concatenate([totals, by_class], axis=1)
    return totals / np.sqrt(totals.sum(axis=0))


def _deal(rows: np.ndarray, wanted: np.ndarray, order: np.ndarray) -> np.ndarray:
    parts = np.empty(len(rows), dtype="int64")
    lacking = wanted.copy()
    for group in order:
        parts[group] = np.argmax(lacking @ rows[group])
        lacking[parts[group]] -= rows[group]
    return parts


def _improve(rows: np.ndarray, wanted: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Moves a group or swaps two, the best first, while that brings the parts nearer."""
    squares = rows @ rows.T if len(rows) <= SWAPPED_GROUPS else None
    norms = (rows**2).sum(axis=1)
    for _ in range(MOST_ROUNDS):
        surplus = np.stack([rows[parts == p].sum(axis=0) for p in range(len(wanted))]) - wanted
        pull = rows @ surplus.T  # (groups, parts)
        here = pull[np.arange(len(rows)), parts]
        moves = 2 * norms[:, None] + 2 * (pull - here[:, None])
        moves[np.arange(len(rows)), parts] = np.inf
        group, part = np.unravel_index(np.argmin(moves), moves.shape)
        gain, change = -moves[group, part], {int(group): int(part)}
        if squares is not None:
            swaps = _swap_costs(pull, here, parts, squares, norms)
            a, b = np.unravel_index(np.argmin(swaps), swaps.shape)
            if -swaps[a, b] > gain:
                gain, change = -swaps[a, b], {int(a): int(parts[b]), int(b): int(parts[a])}
        if gain <= 1e-9:
            break
        for which, where in change.items():
            parts[which] = where
    return parts


def _swap_costs(
    pull: np.ndarray, here: np.ndarray, parts: np.ndarray, squares: np.ndarray, norms: np.ndarray
) -> np.ndarray:
    """Returns what swapping each pair of groups adds to the sum of squares, `(groups, groups)`."""
    across = pull[:, parts]  # [a, b]: the pull of a's rows where b is
    costs = 2 * (norms[:, None] + norms[None, :] - 2 * squares)
    costs += 2 * (across - here[:, None]) + 2 * (across.T - here[None, :])
    costs[parts[:, None] == parts[None, :]] = np.inf
    return costs


def _distance(rows: np.ndarray, wanted: np.ndarray, parts: np.ndarray) -> float:
    sums = np.stack([rows[parts == p].sum(axis=0) for p in range(len(wanted))])
    return float(np.abs(sums - wanted)[:, 0].max())


def _fill(rows: np.ndarray, parts: np.ndarray, count: int) -> np.ndarray:
    """Gives the smallest group of a part with several to each part that has none."""
    for part in range(count):
        if not (parts == part).any():
            spare = np.bincount(parts, minlength=count)[parts] > 1
            parts[np.where(spare, rows[:, 0], np.inf).argmin()] = part
    return parts
