"""A random forest over the unit cube, whose trees are kept as boxes.

Forests shrink what is weak: of a hyperparameter that makes 5 % of the variance, most trees never
ask. So a second forest is fit on what the first one leaves out of bag, and kept if that lowers the
out-of-bag error (Breiman, "Using iterated bagging to debias regressions", Machine Learning 45,
2001). The fitted function is the sum of the means of the forests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_LEAVES = 512
MOST_FORESTS = 3

Trees = tuple[tuple[Any, np.ndarray], ...]  # each with the rows that are out of its bag


@dataclass(frozen=True)
class Boxes:
    """A function that is constant on boxes: `f(x) = sum of value over the boxes that hold x`.

    Attributes:
        low: Array `(boxes, dimensions)`, lower ends; open, unless 0.
        high: Array `(boxes, dimensions)`, upper ends; closed.
        value: Array `(boxes,)`.
    """

    low: np.ndarray
    high: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class Forest:
    """The fitted sum of forests.

    Attributes:
        boxes: The function as boxes, those of all trees together.
        explained: The share of the variance that is predicted out of bag, 1 at most; 0 or less
            means that a constant does as well.
        trees: The fitted trees of each kept forest.
        scale: The mean and the standard deviation of the targets; `boxes` is for targets without.
    """

    boxes: Boxes
    explained: float
    trees: tuple[Trees, ...]
    scale: tuple[float, float]

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The standardised function at points `(points, dimensions)`."""
        x = x.astype("float32")
        means = [
            np.mean([tree.predict(x, check_input=False) for tree, _ in forest], axis=0)
            for forest in self.trees
        ]
        return np.sum(means, axis=0)

    def out_of_bag(self, x: np.ndarray) -> np.ndarray:
        """The standardised prediction of each row by the trees that have not seen that row."""
        return np.sum([_out_of_bag(forest, x.astype("float32")) for forest in self.trees], axis=0)


def fit_forest(
    units: np.ndarray, targets: np.ndarray, rng: np.random.Generator, *, trees: int = 128
) -> Forest:
    """Fits a forest, and on what it leaves a second and a third while the error falls.

    Each tree sees a bootstrap sample of the rows. A coordinate that is NaN belongs to a
    hyperparameter that was not active; it had no effect, so each tree sees a value drawn at random
    in its place, and learns that it has none.

    Args:
        units: Array `(rows, dimensions)` in `[0, 1]`, or NaN.
        targets: Array `(rows,)`, not all the same.
        rng: Generator of the bootstrap.
        trees: Integer >= 1. Trees of each forest.

    Returns:
        The `Forest`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> units = rng.random((200, 3))
        >>> fit_forest(units, 3 * units[:, 1], rng).explained > 0.98
        True
    """
    mean, deviation = float(targets.mean()), float(targets.std())
    rest = (targets - mean) / deviation
    errors: list[float] = [1.0]
    kept: list[Trees] = []
    for _ in range(MOST_FORESTS):
        forest = tuple(_grow(units, rest, rng, trees))
        left = rest - _out_of_bag(forest, _filled(units, rng))
        error = float(np.mean(left**2))
        if kept and error >= errors[-1]:
            break
        rest = left
        errors.append(error)
        kept.append(forest)
        if error >= 1.0:  # no better than a constant: there is nothing to debias
            break
    grown = [(tree, 1 / len(forest)) for forest in kept for tree, _ in forest]
    parts = [_boxes(tree, units.shape[1], weight) for tree, weight in grown]
    boxes = Boxes(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    return Forest(boxes, 1.0 - errors[-1], tuple(kept), (mean, deviation))


def _grow(
    units: np.ndarray, targets: np.ndarray, rng: np.random.Generator, trees: int
) -> Iterator[tuple[Any, np.ndarray]]:
    from sklearn import config_context
    from sklearn.tree import DecisionTreeRegressor

    rows = len(targets)
    for _ in range(trees):
        chosen = rng.integers(rows, size=rows)
        tree = DecisionTreeRegressor(
            max_leaf_nodes=MOST_LEAVES if rows > MOST_LEAVES else None,
            random_state=int(rng.integers(1 << 31)),
        )
        x = _filled(units[chosen], rng).astype("float32")
        with config_context(skip_parameter_validation=True):
            tree.fit(x, targets[chosen], check_input=False)
        yield tree, np.flatnonzero(np.bincount(chosen, minlength=rows) == 0)


def _filled(units: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(np.isnan(units), rng.random(units.shape), units)


def _out_of_bag(forest: Trees, x: np.ndarray) -> np.ndarray:
    """The mean over the trees that have not seen a row; 0, the mean, where all have."""
    total, count = np.zeros(len(x)), np.zeros(len(x))
    x = x.astype("float32")
    for tree, outside in forest:
        if outside.size:
            total[outside] += tree.predict(x[outside], check_input=False)
            count[outside] += 1
    return total / np.maximum(count, 1)


def _boxes(tree: Any, dimensions: int, weight: float) -> tuple[np.ndarray, ...]:
    """The leaves of a tree, level by level from the root."""
    inner = tree.tree_
    left, right = inner.children_left, inner.children_right
    low = np.zeros((inner.node_count, dimensions))
    high = np.ones((inner.node_count, dimensions))
    level = np.array([0])
    while (level := level[left[level] >= 0]).size:
        feature, threshold = inner.feature[level], inner.threshold[level]
        for children in (left[level], right[level]):
            low[children], high[children] = low[level], high[level]
        high[left[level], feature] = np.minimum(high[level, feature], threshold)
        low[right[level], feature] = np.maximum(low[level, feature], threshold)
        level = np.concatenate([left[level], right[level]])
    leaves = (left < 0) & (high > low).all(axis=1)  # a box without volume weighs nothing
    return low[leaves], high[leaves], weight * inner.value[leaves, 0, 0]
