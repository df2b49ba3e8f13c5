"""The curvature of a model's cost: extreme eigenvalues of its Hessian."""

from __future__ import annotations

import numbers
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import tree

from kerasrecipes.gradients.critical_point import judge_point
from kerasrecipes.gradients.curvature_result import Curvature
from kerasrecipes.gradients.hessian_products import HessianProducts
from kerasrecipes.gradients.lanczos import Extremes, extreme_eigenvalues
from kerasrecipes.gradients.model_cost import ModelCost, model_cost


def curvature(
    model: keras.Model,
    x: Any,
    y: Any,
    k: int = 1,
    *,
    variables: Sequence[Any] | None = None,
    sample_weight: Any = None,
    training: bool = True,
    tolerance: float = 1e-6,
    max_products: int = 1_000,
    seed: int = 0,
) -> Curvature:
    """Finds the extreme eigenvalues of the Hessian of a compiled model's cost, and a verdict.

    ```
    H = d2J / dtheta2;  H v = d(dJ/dtheta . v) / dtheta    # H itself is never formed
    ```

    `J` is what `fit` minimises: the loss of this batch plus all regularisation, on a float64 copy
    with dropout off, as in `kr.gradient_check`; the model is left untouched. A Hessian-vector
    product costs about two gradients. Up to 256 parameters there is one for each parameter; above,
    Lanczos's method needs some dozens to hundreds whatever the size, and memory for about 32
    vectors of that many numbers (`4 k + 12` where 32 would take more than 1 GiB).

    The verdict is about the curvature. Whether the point is a critical one at all, where the
    gradient vanishes, is told apart by `critical`:

    - `saddle`: the cost curves down somewhere: the smallest eigenvalue is below 0 by more than
      `tolerance` times the largest in magnitude. A maximum is a saddle too, and the evidence
      says so.
    - `minimum`: it curves down nowhere; flat directions (eigenvalue 0) are no hindrance, and
      networks have many.
    - `plateau`: slope and curvature are both so small that a step as long as all the weights (at
      least 1) changes the cost by less than a thousandth.

    Piecewise linear activations (ReLU, max pooling) have no curvature at their kinks: there, the
    Hessian is that of the piece in which the batch lies.

    Args:
        model: A built `keras.Model` with a loss, copyable from its config.
        x: Inputs of one batch: array, or a list or dict of arrays, shape `(examples, ...)`.
        y: Targets of the batch, as `fit` takes them.
        k: How many eigenvalues at each end, 1 to the number of parameters. Defaults to 1.
        variables: Trainable variables, or their paths or names, to look at; all by default.
        sample_weight: Weights of the examples, as `fit` takes them.
        training: Whether layers run in training mode; `False` uses the moving statistics of batch
            normalisation. Defaults to `True`.
        tolerance: In (0, 0.1]. Accepted residual relative to an eigenvalue (its error is much
            smaller: it falls with the square); also the size relative to the largest eigenvalue
            below which one counts as 0. Defaults to 1e-6.
        max_products: Most Hessian-vector products of the search, at least `2 k`; what is found
            until then is returned, `converged` is `False`. Defaults to 1000.
        seed: Of the random start vectors. Defaults to 0.

    Returns:
        A `Curvature`; `print` it.

    Raises:
        ValueError: If an argument is out of range, the model has no loss or cannot be copied, a
            variable is unknown, the batch is empty or does not fit, the cost or a derivative is
            not finite, or the Hessian is not symmetric (a wrong custom gradient).

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
        >>> model.compile(loss="mse")
        >>> model.set_weights([np.zeros((2, 1))])
        >>> found = curvature(model, np.diag([1.0, 3.0]), np.zeros((2, 1)))  # J = (a^2 + 9 b^2) / 2
        >>> found.verdict, round(found.smallest[0], 6), round(found.largest[0], 6)
        ('minimum', 1.0, 9.0)

    Source: Deep Learning Specialization, course 2, "The problem of local optima"; Pearlmutter
    (1994), "Fast exact multiplication by the Hessian".
    """
    _validate(k, tolerance, max_products)
    started = time.perf_counter()
    batch = {"variables": variables, "sample_weight": sample_weight, "training": training}
    with model_cost(model, x, y, **batch) as cost:
        _require_fit(cost, x, y)
        hessian = HessianProducts(cost.function, cost.values)
        _require_as_many(k, hessian.size)
        hessian.require_symmetric(seed)
        search: dict[str, Any] = {
            "tolerance": tolerance,
            "max_products": max_products,
            "seed": seed,
        }
        found = extreme_eigenvalues(hessian, hessian.size, k, **search)
    return _result(hessian, found, tolerance, time.perf_counter() - started)


def _result(
    hessian: HessianProducts, found: Extremes, tolerance: float, seconds: float
) -> Curvature:
    judgement = judge_point(
        low=float(found.smallest[0]),
        high=float(found.largest[0]),
        cost=hessian.cost,
        gradient_norm=hessian.gradient_norm,
        weights_norm=hessian.values_norm,
        tolerance=tolerance,
        converged=found.converged,
    )
    return Curvature(
        smallest=_plain(found.smallest),
        largest=_plain(found.largest),
        gradient_norm=hessian.gradient_norm,
        **judgement._asdict(),
        smallest_residuals=_plain(found.smallest_residuals),
        largest_residuals=_plain(found.largest_residuals),
        converged=found.converged,
        cost=hessian.cost,
        weights_norm=hessian.values_norm,
        parameters=hessian.size,
        products=hessian.count,
        seconds=seconds,
    )


def _plain(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) + 0.0 for value in values)  # 0, not -0


def _validate(k: int, tolerance: float, max_products: int) -> None:
    if isinstance(k, bool) or not isinstance(k, numbers.Integral) or k < 1:
        raise ValueError(f"`k` must be an integer >= 1: it counts eigenvalues. Received: k={k!r}.")
    if not (isinstance(tolerance, numbers.Real) and 0 < tolerance <= 0.1):
        raise ValueError(
            "`tolerance` must be a number > 0 and <= 0.1: it is relative to the eigenvalues. "
            f"Received: tolerance={tolerance!r}. 1e-6 leaves errors far below 1e-6."
        )
    if not isinstance(max_products, numbers.Integral) or max_products < 2 * k:
        raise ValueError(
            "`max_products` must be an integer >= 2 k: each of the k eigenvalues at both ends "
            f"takes at least one product. Received: max_products={max_products!r}, k={k}."
        )


def _require_as_many(k: int, size: int) -> None:
    if k > size:
        raise ValueError(
            "`k` must be at most the number of parameters that are looked at: there are no more "
            f"eigenvalues. Received: k={k} for {size} parameters."
        )


def _require_fit(cost: ModelCost, x: Any, y: Any) -> None:
    """Evaluates the cost once, which also builds what the first call builds."""
    try:
        cost.function([variable.value for variable in cost.values])
    except Exception as error:
        shapes = [str([np.shape(leaf) for leaf in tree.flatten(part)]) for part in (x, y)]
        raise ValueError(
            "`x` and `y` must fit the model and its loss. Received: x of shape "
            f"{shapes[0][1:-1]}, y of shape {shapes[1][1:-1]}, and the cost failed: "
            f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        ) from error
