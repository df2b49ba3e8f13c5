"""The Hessian of a cost as an operator: it multiplies vectors and is never formed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops

from kerasrecipes import backend

SYMMETRY = 1e-6  # largest accepted defect, relative to the product itself


class HessianProducts:
    """Products of the Hessian of `cost` at `values` with flat vectors, by one compiled function.

    Runs inside `backend.double_precision()`.

    Args:
        cost: Takes a list of float64 tensors like `values`, returns a scalar float64 tensor.
        values: Where the Hessian is taken; one array or variable each.

    Attributes:
        size: Number of all elements, n.
        cost: The cost at `values`.
        gradient_norm: The Euclidean norm of its gradient there.
        values_norm: The Euclidean norm of all values.
        count: Number of products so far.

    Raises:
        ValueError: If the cost, its gradient or a product is not finite, or the products are not
            those of a symmetric matrix.
    """

    def __init__(self, cost: Callable[[list], Any], values: Sequence[Any]) -> None:
        self._values = [ops.convert_to_tensor(value) for value in values]
        self._shapes = [tuple(value.shape) for value in values]
        self._ends = np.cumsum([int(np.prod(shape)) for shape in self._shapes])
        self._compiled = backend.compiled(
            lambda values, vectors: backend.hessian_product(cost, values, vectors)
        )
        self.size = int(self._ends[-1])
        self.count = 0
        self.values_norm = _norm(self._values)
        value, gradients, _ = self._run(np.zeros(self.size))
        self.cost, self.gradient_norm = float(value), _norm(gradients)
        self._require_finite()

    def __call__(self, vector: np.ndarray) -> np.ndarray:
        """The Hessian times a vector of shape `(n,)`."""
        self.count += 1
        product = np.concatenate([_flat(part) for part in self._run(vector)[2]])
        if not np.isfinite(product).all():
            bad = int((~np.isfinite(product)).sum())
            raise ValueError(
                "The second derivatives of the cost must be finite. Received: "
                f"{bad} of {self.size} elements of a Hessian-vector product are NaN or infinite "
                "although cost and gradient are finite. Look for a square root, a norm or a power "
                "below 2 at 0 in the layers or the loss."
            )
        return product

    def require_symmetric(self, seed: int) -> None:
        """Refuses second derivatives that no function has: `u . (H w) = w . (H u)` must hold.

        Lanczos's method rests on it. A wrong custom gradient may break it, but need not: this is
        no gradient check.
        """
        one, two = np.random.default_rng(seed).standard_normal((2, self.size))
        there, back = float(one @ self(two)), float(two @ self(one))
        size = np.hypot(there, back)
        # Both are about normal with the deviation ||H||_F, so that `size` measures the Hessian.
        if abs(there - back) > SYMMETRY * size:
            raise ValueError(
                "The Hessian must be symmetric, as that of every function is. Received: "
                f"u.Hw = {there:.6g} but w.Hu = {back:.6g}. Some backward pass is that of no "
                "function, or a cast to a lower precision spoils it: look for a custom gradient; "
                "`kr.gradient_check` names the variable."
            )

    def _run(self, vector: np.ndarray) -> tuple[Any, list, list]:
        parts = np.split(np.asarray(vector, "float64"), self._ends[:-1])
        shaped = [part.reshape(shape) for part, shape in zip(parts, self._shapes, strict=True)]
        return self._compiled(self._values, [ops.convert_to_tensor(part) for part in shaped])

    def _require_finite(self) -> None:
        if not np.isfinite(self.cost):
            raise ValueError(
                f"The cost must be finite to have a curvature. Received: cost={self.cost}. "
                "Look for NaN or infinity in the data, or for a logarithm or a division in it."
            )
        if not np.isfinite(self.gradient_norm):
            raise ValueError(
                "The gradient must be finite. Received: gradient norm="
                f"{self.gradient_norm} although the cost is finite. Look for a square root, "
                "a norm or a division at 0."
            )


def _flat(tensor: Any) -> np.ndarray:
    return np.ravel(ops.convert_to_numpy(tensor))


def _norm(tensors: Sequence[Any]) -> float:
    return float(np.sqrt(sum(float(np.vdot(part, part)) for part in map(_flat, tensors))))
