"""InvertedDropout: dropout as the course writes it, by the probability of keeping a unit."""

import numbers

import keras

from kerasrecipes.layers.keras_seed import check_seed


@keras.saving.register_keras_serializable(package="kerasrecipes")
class InvertedDropout(keras.layers.Dropout):
    """Keeps each unit with probability `keep_prob` while training, and scales up those kept.

    ```
    d = uniform(shape) < keep_prob
    a = a * d / keep_prob
    ```

    The division keeps the expected value of `a`, so that inference, where all units are kept,
    needs no scaling. It is Keras's `Dropout(rate=1 - keep_prob)`.

    Args:
        keep_prob: Float in (0, 1], the probability of keeping a unit. 1 drops nothing.
        seed: Integer or None. Seed of the masks. Defaults to None, a random one.

    Input shape: any. Output shape: the same.

    Raises:
        ValueError: If `keep_prob` is not a number in (0, 1], or `seed` no integer that every
            backend holds.

    Example:
    >>> import numpy as np
    >>> layer = InvertedDropout(0.8, seed=0)
    >>> kept = np.array(layer(np.ones((1000, 10)), training=True))
    >>> sorted(set(kept.ravel().tolist())), bool(abs(kept.mean() - 1) < 0.02)
    ([0.0, 1.25], True)

    Source: Deep Learning Specialization, course 2, "Dropout regularization".
    """

    def __init__(self, keep_prob, seed=None, **kwargs):
        _check_keep_prob(keep_prob)
        check_seed(seed)
        super().__init__(rate=1.0 - float(keep_prob), seed=seed, **kwargs)
        self._keep_prob = keep_prob

    @property
    def keep_prob(self):
        """Probability of keeping a unit, as given."""
        return self._keep_prob

    def get_config(self):
        """`keep_prob` and `seed`, which stand for Keras's `rate`."""
        config = super().get_config()
        del config["rate"], config["noise_shape"]
        return {**config, "keep_prob": self.keep_prob}


def _check_keep_prob(keep_prob):
    is_number = isinstance(keep_prob, numbers.Real) and not isinstance(keep_prob, bool)
    if not (is_number and 0 < keep_prob <= 1):
        raise ValueError(
            "`keep_prob` must be a number in (0, 1]: the probability of keeping a unit; at 0 "
            f"nothing would be left. Received: keep_prob={keep_prob!r}. To drop a fifth of the "
            "units, keep 0.8 of them."
        )
