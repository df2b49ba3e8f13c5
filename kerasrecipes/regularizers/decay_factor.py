"""By how much one step of gradient descent with L2 shrinks the weights."""

from __future__ import annotations

import math

from kerasrecipes.regularizers.penalty import check_num_examples, check_strength


def decay_factor(learning_rate: float, strength: float, num_examples: int) -> float:
    """The factor by which one step with `L2` shrinks the weights before the gradient's part.

    ```
    w := (1 - α λ / m) w - α dJ/dw,     decay_factor = 1 - α λ / m
    ```

    The course's notes slip in this update; `dJ/dw` is here the gradient of the cost without
    the penalty. The factor holds for plain gradient descent: optimizers that rescale the
    gradient (Adam, RMSprop) rescale the penalty's with it. Below 0 each step overshoots zero,
    below -1 the weights grow.

    Args:
        learning_rate: Float > 0, α.
        strength: Float >= 0, the λ of `L2`.
        num_examples: Integer >= 1, the size `m` of the training set.

    Returns:
        The factor, 1.0 without a penalty.

    Raises:
        ValueError: If `learning_rate` is not above 0, `strength` negative, or `num_examples`
            below 1.

    Example:
        >>> decay_factor(learning_rate=0.5, strength=2.0, num_examples=100)
        0.99

    Source: Deep Learning Specialization, course 2, week 1.
    """
    if not (math.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(
            "`learning_rate` must be a finite number > 0: it is the length of the step. "
            f"Received: learning_rate={learning_rate}. Try 0.01."
        )
    check_strength(strength)
    check_num_examples(num_examples)
    return 1.0 - learning_rate * strength / num_examples
