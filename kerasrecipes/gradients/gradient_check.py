"""Gradient checking of a whole model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from kerasrecipes.gradients.comparison import compare, validate_step
from kerasrecipes.gradients.model_cost import model_cost
from kerasrecipes.gradients.result import GradientCheck


def gradient_check(
    model: keras.Model,
    x: Any,
    y: Any,
    *,
    epsilon: float = 1e-7,
    method: str = "exact",
    variables: Sequence[Any] | None = None,
    seed: int = 0,
    sample_weight: Any = None,
    training: bool = True,
) -> GradientCheck:
    """Checks the gradient of a compiled model's cost against differences of the cost.

    ```
    numeric_i = (J(theta + epsilon e_i) - J(theta - epsilon e_i)) / (2 epsilon)
    distance = ||analytic - numeric||_2 / (||analytic||_2 + ||numeric||_2)
    ```

    `J` is what `fit` minimises: the loss of this batch plus all regularisation. The check runs on
    a float64 copy with dropout off; batch normalisation uses the batch's own statistics, a
    legitimate function of the weights. The model, its optimizer and Keras's settings are left
    exactly as they were, also when the check raises.

    Use a small batch (8 to 32 examples) and a small model: `exact` evaluates the cost twice per
    parameter. Check at the start, and again after some training: some bugs show only when the
    weights have left 0 (course 2, "Gradient checking implementation notes").

    Args:
        model: A built `keras.Model` with a loss, copyable from its config.
        x: Inputs of one batch: array, or a list or dict of arrays, shape `(examples, ...)`.
        y: Targets of the batch, as `fit` takes them.
        epsilon: Step of the differences, > 0, in the unit of the weights.
        method: `"exact"` (every element), `"directional"` (4 random directions per variable,
            whatever its size), or `"auto"` (exact up to 10,000 elements).
        variables: Trainable variables, or their paths or names, to look at; all by default.
        seed: Of the random directions.
        sample_weight: Weights of the examples, as `fit` takes them.
        training: Whether layers run in training mode; `False` checks batch normalisation with
            its moving statistics.

    Returns:
        A `GradientCheck`; `print` it, or `assert check.passed`.

    Raises:
        ValueError: If an argument is out of range, the model has no loss or cannot be copied,
            a variable is unknown, the batch is empty or does not fit, or the cost is not finite.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "tanh")])
        >>> model.compile(loss="mse")
        >>> check = gradient_check(model, np.ones((4, 3)), np.zeros((4, 2)))
        >>> check.passed, check.verdict
        (True, 'great')

    Source: Deep Learning Specialization, course 2, "Gradient checking".
    """
    validate_step(epsilon, method)
    batch = {"variables": variables, "sample_weight": sample_weight, "training": training}
    with model_cost(model, x, y, **batch) as (cost, values, names):
        return compare(cost, values, names, epsilon=epsilon, method=method, seed=seed)
