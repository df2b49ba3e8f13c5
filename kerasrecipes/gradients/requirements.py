"""What a cost must be to be checked: finite, there and around, and computed in float64."""

from __future__ import annotations

import numpy as np
from keras import ops

from kerasrecipes.gradients.cost_function import Point
from kerasrecipes.gradients.differences import Differences
from kerasrecipes.gradients.rounding import rounding


def require_finite(here: Point, names: list[str]) -> None:
    """Refuses a cost, or a gradient, that is not finite at a point, or of a wrong shape."""
    if not np.isfinite(here.cost):
        raise ValueError(
            f"The cost must be finite to be differentiated. Received: cost={here.cost}. "
            "Look for NaN or infinity in the data, or for a logarithm or a division in the cost."
        )
    for name, shape, gradient in zip(names, here.function.shapes, here.gradients, strict=True):
        if gradient.shape != shape:
            raise ValueError(
                f"The gradient of `{name}` must have its shape {shape}. Received: a gradient "
                f"of shape {gradient.shape}. Look for a transposition in a custom gradient."
            )
        if not np.isfinite(gradient).all():
            bad = int((~np.isfinite(gradient)).sum())
            raise ValueError(
                f"The gradient of `{name}` must be finite. Received: {bad} of {gradient.size} "
                "elements are NaN or infinite although the cost is finite. Look for a square "
                "root, a norm or a division at 0 in the layers that use it."
            )


def noise_of_float64(here: Point, epsilon: float, seed: int) -> float:
    """The rounding noise of the cost around a point, once it is known for that of a float64."""
    size = _size(here)
    noise, least, short = rounding(here, epsilon / 6, seed)
    if not here.function.is_large:  # the cost may bend within such a step
        slope = sum(float(np.abs(gradient).sum()) for gradient in here.gradients)
        shortest = 1e-12 if abs(here.cost) > 1e-6 * size else 1e-9
        spacing = np.clip(1e-7 * abs(here.cost) / max(slope, 1e-300), shortest, 1e-7)
        closer, least, short = rounding(here, float(spacing), seed)
        noise = min(noise, closer)
    if short or here.dtype != "float64":
        least = max(least, float(np.finfo("float32").eps) * abs(here.cost) / 2)
    if short or here.dtype != "float64" or least > 1e-10 * max(abs(here.cost) + size, 1e-12):
        raise ValueError(
            "The cost must be computed in float64, or rounding drowns the differences. "
            f"Received: a cost of {here.cost:.4g}, {here.dtype}, with a rounding noise of "
            f"{least:.1g}. "
            "Some layer, loss or function casts to a lower precision: remove the cast."
        )
    return noise


def _size(here: Point) -> float:
    """How large the terms of the cost are that the variables make up: `sum |g v|`, or a bound."""
    if here.function.is_large:
        sizes = [float(ops.norm(ops.ravel(tensor))) for tensor in here.tensors]
        return float(here.norms @ sizes)
    pairs = zip(here.gradients, here.values, strict=True)
    return sum(float(np.abs(gradient * value).sum()) for gradient, value in pairs)


def require_finite_around(found: Differences) -> None:
    """Refuses a cost that is not finite a step away."""
    wrong = ~(np.isfinite(found.central) & np.isfinite(found.jump))
    if wrong.any():
        raise ValueError(
            "The cost must stay finite around the point of the check. Received: "
            f"infinite or NaN costs after a step along {int(wrong.sum())} of {len(wrong)} "
            "coordinates. Use a smaller `epsilon`, or check away from the edge of the cost's "
            "domain."
        )
