"""The points of a coarse round: even along every hyperparameter, and far from each other."""

import numpy as np

DRAWS = 40


def coarse_design(count: int, dimensions: int, rng: np.random.Generator) -> np.ndarray:
    """A Latin hypercube: of each coordinate, every one of `count` equal parts holds one point.

    Of some random ones it is that whose two nearest points are farthest apart (maximin).

    Args:
        count: Integer >= 1. Points.
        dimensions: Integer >= 1.
        rng: Decides which.

    Returns:
        Array `(count, dimensions)`, values in [0, 1).

    Example:
        >>> design = coarse_design(4, 2, np.random.default_rng(0))
        >>> np.sort(np.floor(4 * design), axis=0).T.astype(int).tolist()
        [[0, 1, 2, 3], [0, 1, 2, 3]]

    Source: McKay, Beckman, Conover, "A comparison of three methods for selecting values of input
    variables", 1979; Johnson, Moore, Ylvisaker, "Minimax and maximin distance designs", 1990.
    """
    order = rng.permuted(np.tile(np.arange(count)[:, None], (DRAWS, 1, dimensions)), axis=1)
    designs = (order + rng.random((DRAWS, count, dimensions))) / count
    squares = np.einsum("nid,nid->ni", designs, designs)
    distances = squares[:, :, None] + squares[:, None] - 2 * designs @ designs.swapaxes(1, 2)
    distances[:, np.arange(count), np.arange(count)] = np.inf
    return designs[distances.min(axis=(1, 2)).argmax()]
