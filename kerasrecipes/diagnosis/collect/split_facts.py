"""Whether train and dev belong together, and whether they are apart."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from keras import tree

from kerasrecipes.data.feature_tests import feature_tests, holm
from kerasrecipes.diagnosis.collect.arrays import rows_of, why_no_numbers

MOST_ROWS = 2_000  # of each set
MOST_FEATURES = 256
MOST_BYTES = 1 << 28  # of train that is searched for the rows of dev: less than half a second
FEWEST_ROWS = 20  # of each set, below which no test says anything


class SplitFacts(NamedTuple):
    """As `Trace.drift` and `Trace.shared_examples`."""

    drift: float | None = None
    shared_examples: float | None = None


def split_facts(x: Any, x_dev: Any, seed: int = 0) -> SplitFacts:
    """Compares the inputs of train and dev on samples of both.

    `drift` is the smallest of the features' p-values after Holm's correction (Kolmogorov-Smirnov,
    or Fisher's exact test where a feature has few values), on at most 2,000 rows of each and 256
    features, drawn at random. Of sets from one distribution it is below `p` with probability `p` at
    most. `kr.data.same_distribution` looks at features together too, in seconds; a forgotten step
    of preprocessing and a split in order move single features.

    `shared_examples` is the share of at most 2,000 rows of dev that are in train bit by bit.

    Args:
        x: Inputs of train, arrays nested as the model takes them, `(examples, ...)`.
        x_dev: The same of dev.
        seed: Of the rows and the features drawn.

    Returns:
        The `SplitFacts`; None for what cannot be told: data that are no numbers, features of
        other sizes, a set of fewer than 20 rows (drift), numbers that are not finite (drift).

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x, y = rng.normal(size=(300, 2)), rng.normal(size=(100, 2))
        >>> split_facts(x, y + 1).drift < 1e-6, split_facts(x, y).drift > 0.01
        (True, True)
        >>> split_facts(x, np.concatenate([x[:25], y[:75]])).shared_examples
        0.25
    """
    if why_no_numbers(x) or why_no_numbers(x_dev):
        return SplitFacts()
    train, dev = _flat(x), _flat(x_dev)
    if [part.shape[1] for part in train] != [part.shape[1] for part in dev]:
        return SplitFacts()
    return SplitFacts(_drift(train, dev, seed), _shared(train, dev, seed))


def _flat(x: Any) -> list[np.ndarray]:
    """Each array as `(rows, features)`."""
    return [np.asarray(part).reshape(len(part), -1) for part in tree.flatten(x)]


def _drift(train: list[np.ndarray], dev: list[np.ndarray], seed: int) -> float | None:
    features = sum(part.shape[1] for part in train)
    chosen = rows_of(np.arange(features), MOST_FEATURES, seed)
    a, b = (_columns(parts, chosen, seed) for parts in (train, dev))
    if min(len(a), len(b)) < FEWEST_ROWS or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return None
    return float(holm(feature_tests(a, b).p_value).min())


def _columns(parts: list[np.ndarray], chosen: np.ndarray, seed: int) -> np.ndarray:
    """The chosen features of some rows, the arrays laid side by side."""
    rows = rows_of(parts[0], MOST_ROWS, seed)
    found, begin = [], 0
    for part in parts:
        own = chosen[(chosen >= begin) & (chosen < begin + part.shape[1])] - begin
        found.append(part[rows][:, own].astype("float64"))
        begin += part.shape[1]
    return np.concatenate(found, axis=1)


def _shared(train: list[np.ndarray], dev: list[np.ndarray], seed: int) -> float | None:
    size = sum(part[:1].nbytes for part in train)
    kinds = [np.result_type(a, b) for a, b in zip(train, dev, strict=True)]
    if not size:
        return None
    within = set(_keys(train, kinds, max(MOST_ROWS, MOST_BYTES // size), seed))
    rows = _keys(dev, kinds, MOST_ROWS, seed)
    return sum(row in within for row in rows) / len(rows)


def _keys(parts: list[np.ndarray], kinds: list[Any], most: int, seed: int) -> list[int]:
    """A number for each row; equal rows have equal numbers."""
    rows = rows_of(parts[0], most, seed)
    taken = [
        np.ascontiguousarray(part if len(rows) == len(part) else part[rows], kind)
        for part, kind in zip(parts, kinds, strict=True)
    ]
    return [hash(tuple(part[row].tobytes() for part in taken)) for row in range(len(rows))]
