"""The verdict on a point of the cost: minimum, saddle or plateau, and whether it is critical."""

from __future__ import annotations

from typing import NamedTuple

NOTHING = 1e-3  # share of the cost that a step as long as the weights may change on a plateau
ROUNDING = 1e-6  # a critical point this near, relative to the weights, is hidden by their float32


class Judgement(NamedTuple):
    """The verdict, whether the gradient vanishes, and why; see `Curvature`."""

    verdict: str
    critical: bool
    evidence: str


def judge_point(
    *,
    low: float,
    high: float,
    cost: float,
    gradient_norm: float,
    weights_norm: float,
    tolerance: float,
    converged: bool,
) -> Judgement:
    """Judges a point by the extreme eigenvalues of the Hessian and by the gradient there.

    With the step `r = max(||theta||, 1)` and `scale = max |lambda|`:

    ```
    level    = ||g|| r <= NOTHING |J|
    plateau  = level and scale r^2 / 2 <= NOTHING |J|
    critical = level or ||g|| <= ROUNDING scale r     # else the nearest one is further away
    saddle   = low < -tolerance scale
    ```

    Args:
        low: The smallest eigenvalue.
        high: The largest eigenvalue.
        cost: J.
        gradient_norm: `||g||` over the same parameters.
        weights_norm: `||theta||` over the same parameters.
        tolerance: Size of an eigenvalue, relative to `scale`, that counts as 0.
        converged: Whether the eigenvalues are settled.

    Returns:
        The `Judgement`.
    """
    scale, step = max(abs(low), abs(high)), max(weights_norm, 1.0)
    slope, bend = gradient_norm * step, scale * step**2 / 2
    level = slope <= NOTHING * abs(cost)
    critical = level or gradient_norm <= ROUNDING * scale * step
    zero = tolerance * scale
    if level and bend <= NOTHING * abs(cost):
        verdict = "plateau"
        reason = (
            f"a step as long as the weights ({step:.3g}) changes the cost of {cost:.3g} by at most "
            f"{slope:.2g} through the slope and {bend:.2g} through the curvature"
        )
    elif low < -zero:
        verdict, reason = "saddle", _downwards(low, high, zero)
    else:
        verdict, reason = "minimum", _upwards(low, zero)
    return Judgement(verdict, critical, "; ".join([reason, *_doubts(critical, converged)]))


def _downwards(low: float, high: float, zero: float) -> str:
    if high > zero:
        return f"the cost curves down one way ({low:.3g}) and up another ({high:.3g})"
    if high < -zero:
        return f"the cost curves down every way ({high:.3g} or less): a maximum"
    return f"the cost curves down one way ({low:.3g}) and up no way"


def _upwards(low: float, zero: float) -> str:
    if low > zero:
        return f"the cost curves up every way ({low:.3g} or more)"
    return f"the cost curves down no way and is flat some way ({low:.2g})"


def _doubts(critical: bool, converged: bool) -> list[str]:
    doubts = []
    if not critical:
        doubts.append("the gradient is not small: this is a slope, and the curvature may change")
    if not converged:
        doubts.append("not converged: the smallest may lie lower and the largest higher")
    return doubts
