"""The seed of a layer, as Keras takes it on every backend."""

import keras

LARGEST_SEED = 2**31 - 1


def check_seed(seed):
    """Raises ValueError unless a seed is None, a small enough integer, or a `SeedGenerator`.

    Args:
        seed: What the user gave.

    Raises:
        ValueError: If it is something else; Keras would fail later, and by backend.
    """
    if seed is None or isinstance(seed, keras.random.SeedGenerator):
        return
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= LARGEST_SEED:
        raise ValueError(
            f"`seed` must be None or an integer from 0 to {LARGEST_SEED}: not every backend holds "
            f"more. Received: seed={seed!r}."
        )
