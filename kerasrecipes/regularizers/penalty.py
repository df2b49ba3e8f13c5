"""A penalty `strength / (2 m) * size(w)`: what `L1` and `L2` have in common."""

import math

import keras


class Penalty(keras.regularizers.Regularizer):
    """Adds `strength / (2 m) * size(w)` to the cost, with `size` given by the subclass.

    Args:
        strength: Float >= 0, the course's λ.
        num_examples: Integer >= 1, the size `m` of the training set (not of a batch).
    """

    def __init__(self, strength, num_examples):
        check_strength(strength)
        check_num_examples(num_examples)
        self.strength = strength
        self.num_examples = num_examples

    def __call__(self, x):
        """Returns the penalty of the weights `x`, a scalar tensor."""
        factor = keras.ops.cast(self.strength / (2.0 * self.num_examples), x.dtype)
        return factor * self.size(x)

    def size(self, x):
        """Returns the size of the weights `x`, a scalar tensor."""
        raise NotImplementedError

    def get_config(self):
        """The arguments."""
        return {"strength": self.strength, "num_examples": self.num_examples}


def check_strength(strength):
    """Raises ValueError unless `strength` is a finite number >= 0."""
    if not (math.isfinite(strength) and strength >= 0):
        raise ValueError(
            "`strength` must be a finite number >= 0: below zero it would reward large weights. "
            f"Received: strength={strength}. Use 0.0 for no penalty."
        )


def check_num_examples(num_examples):
    """Raises ValueError unless `num_examples` is a whole number >= 1."""
    if isinstance(num_examples, bool) or not num_examples >= 1 or num_examples % 1:
        raise ValueError(
            "`num_examples` must be a whole number >= 1: the penalty is divided by the size of "
            f"the training set. Received: num_examples={num_examples}. Pass len(x_train)."
        )
