"""L2 regularisation (weight decay) as the course writes it."""

import keras

from kerasrecipes.regularizers.penalty import Penalty


@keras.saving.register_keras_serializable(package="kerasrecipes")
class L2(Penalty):
    """Penalty on the squared weights: weight decay.

    ```
    strength / (2 m) * sum w^2,    with the gradient  strength / m * w
    ```

    With plain gradient descent each step therefore shrinks the weights by `decay_factor`:
    `w := (1 - α λ / m) w - α dJ/dw`, where `dJ/dw` is the gradient of the cost without the
    penalty. (The course's notes slip in this line; this is what the derivative gives.)
    Keras's own `L2(c)` is `c * sum w^2`: the same for `c = strength / (2 m)`.

    Args:
        strength: Float >= 0, the course's λ.
        num_examples: Integer >= 1, the size `m` of the training set (not of a batch).

    Raises:
        ValueError: If `strength` is negative or not finite, or `num_examples` below 1.

    Example:
        >>> penalty = L2(strength=0.5, num_examples=10)
        >>> round(float(penalty(keras.ops.array([3.0, -1.0]))), 6)  # 0.5 / 20 * 10
        0.25

    Source: Deep Learning Specialization, course 2, week 1.
    """

    def size(self, x):
        """`sum w^2`."""
        return keras.ops.sum(keras.ops.square(x))
