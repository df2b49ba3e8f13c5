"""Random generators from seeds."""

import numpy as np


def generator(seed: int) -> np.random.Generator:
    """Returns a random generator of its own, so that no global state is read or changed.

    Args:
        seed: Integer >= 0. The same seed gives the same numbers, to the bit.

    Returns:
        Generator.

    Raises:
        ValueError: If `seed` is not an integer >= 0.

    Example:
    >>> generator(1).permutation(5).tolist()
    [4, 0, 1, 2, 3]
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"`seed` must be an integer >= 0. Received: seed={seed!r}.")
    return np.random.default_rng(seed)
