"""The variance of a function on boxes, taken apart into main effects and interactions.

Every coordinate is uniform on `[0, 1]` and independent of the others, as in random search. The
marginal of a box over all coordinates but some is its volume in the others, so marginals of sums of
trees are exact: Hutter, Hoos, Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter
Importance", ICML 2014. There the variance of each tree is taken apart and the shares are averaged;
here that of the mean of the trees is, in which the noise of single trees cancels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kerasrecipes.tuning.forest import Boxes

CELLS = 16
_MOST_BOXES = 1 << 13  # in one matrix product


def main_effects(boxes: Boxes) -> np.ndarray:
    """The variance of the mean of `f` given one coordinate: `V_i = Var(E[f | x_i])`, exactly.

    Args:
        boxes: The function.

    Returns:
        Array `(dimensions,)`.

    Example:
        >>> half = Boxes(np.array([[0.0], [0.5]]), np.array([[0.5], [1.0]]), np.array([-1.0, 1.0]))
        >>> float(main_effects(half)[0])
        1.0
    """
    widths = boxes.high - boxes.low
    volumes = widths.prod(axis=1) * boxes.value
    return np.array(
        [
            _variance(boxes.low[:, i], boxes.high[:, i], volumes / widths[:, i])
            for i in range(widths.shape[1])
        ]
    )


def pair_effects(boxes: Boxes, cells: int = CELLS) -> np.ndarray:
    """What two coordinates do together beyond each alone.

    `V_ij = Var(E[f | x_i, x_j]) - V_i - V_j`, of the function averaged over `cells` equal parts of
    each axis, and so from below.

    Args:
        boxes: The function.
        cells: Integer >= 2. Parts of each axis; a multiple of the number of choices is exact.

    Returns:
        Symmetric array `(dimensions, dimensions)`, zero on the diagonal.

    Example:
        >>> low = np.array([[a, b] for a in (0.0, 0.5) for b in (0.0, 0.5)])
        >>> xor = Boxes(low, low + 0.5, np.array([1.0, -1.0, -1.0, 1.0]))
        >>> float(pair_effects(xor)[0, 1])
        1.0
    """
    dimensions = boxes.low.shape[1]
    total = np.zeros((dimensions * cells, dimensions * cells))
    for part in _parts(boxes):
        density, weights = _densities(part, cells)
        flat = density.reshape(len(weights), -1)
        total += (flat * weights[:, None]).T @ flat
    means = total.reshape(dimensions, cells, dimensions, cells).transpose(0, 2, 1, 3)
    rows, columns = means.mean(axis=3, keepdims=True), means.mean(axis=2, keepdims=True)
    together = means - rows - columns + means.mean(axis=(2, 3), keepdims=True)
    effects = np.triu((together**2).mean(axis=(2, 3)), 1)
    return effects + effects.T


def marginal(boxes: Boxes, keep: np.ndarray) -> Boxes:
    """The mean of `f` given some coordinates, a function of these alone, with the same effects.

    Args:
        boxes: The function.
        keep: The indices of the coordinates.
    """
    others = np.delete(boxes.high - boxes.low, keep, axis=1).prod(axis=1)
    return Boxes(boxes.low[:, keep], boxes.high[:, keep], boxes.value * others)


def _variance(low: np.ndarray, high: np.ndarray, density: np.ndarray) -> float:
    """The variance of a step function on [0, 1] given as a sum of intervals."""
    edges, places = np.unique(np.concatenate([[0.0, 1.0], low, high]), return_inverse=True)
    rises = np.bincount(places[2:], np.concatenate([density, -density]), minlength=len(edges))
    heights, lengths = np.cumsum(rises)[:-1], np.diff(edges)
    mean = heights @ lengths
    return float((heights - mean) ** 2 @ lengths)


def _parts(boxes: Boxes) -> Iterator[Boxes]:
    for start in range(0, len(boxes.value), _MOST_BOXES):
        some = slice(start, start + _MOST_BOXES)
        yield Boxes(boxes.low[some], boxes.high[some], boxes.value[some])


def _densities(boxes: Boxes, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """The density of each box in each cell of each axis, and the integral over each box."""
    low, high = boxes.low.astype("float32"), boxes.high.astype("float32")
    edges = np.linspace(0.0, 1.0, cells + 1, dtype="float32")
    upper = np.minimum(high[:, :, None], edges[1:])
    lower = np.maximum(low[:, :, None], edges[:-1])
    density = np.maximum(upper - lower, 0.0) * (cells / (high - low))[:, :, None]
    return density, (high - low).prod(axis=1) * boxes.value.astype("float32")
