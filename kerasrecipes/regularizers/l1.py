"""L1 regularisation as the course writes it."""

import keras

from kerasrecipes.regularizers.penalty import Penalty


@keras.saving.register_keras_serializable(package="kerasrecipes")
class L1(Penalty):
    """Penalty on the absolute weights, which drives some of them to zero.

    ```
    strength / (2 m) * sum |w|
    ```

    Args:
        strength: Float >= 0, the course's λ.
        num_examples: Integer >= 1, the size `m` of the training set (not of a batch).

    Raises:
        ValueError: If `strength` is negative or not finite, or `num_examples` below 1.

    Example:
        >>> penalty = L1(strength=0.5, num_examples=10)
        >>> round(float(penalty(keras.ops.array([3.0, -1.0]))), 6)  # 0.5 / 20 * 4
        0.1

    Source: Deep Learning Specialization, course 2, week 1.
    """

    def size(self, x):
        """`sum |w|`."""
        return keras.ops.sum(keras.ops.abs(x))
