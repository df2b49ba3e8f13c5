"""What `kr.curvature` found: plain values, and the text a person reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Curvature:
    """The result of `kr.curvature`.

    Attributes:
        smallest: The k smallest eigenvalues of the Hessian, ascending.
        largest: The k largest, descending.
        gradient_norm: The Euclidean norm of the gradient at the same point.
        verdict: `minimum`, `saddle` or `plateau`: see `kr.curvature`.
        critical: Whether the gradient vanishes, for practical purposes: a step as long as the
            weights along it would change the cost by less than a thousandth, or the point where
            it vanishes is nearer than float32 weights can tell. Else the verdict is about the
            curvature of a slope.
        evidence: Why, in words.
        smallest_residuals: `||H v - lambda v||` of each of the smallest: an eigenvalue lies at
            least that near, as a rule much nearer.
        largest_residuals: The same for the largest.
        converged: Whether every eigenvalue is as exact as asked for. If not, the smallest still
            is an upper bound of the true one, so a negative one proves a direction downwards.
        cost: J, the cost of the batch with all regularisation.
        weights_norm: The Euclidean norm of the parameters that were looked at.
        parameters: Their number.
        products: Number of Hessian-vector products, two of them to check the symmetry.
        seconds: Wall time of the whole call.
    """

    smallest: tuple[float, ...]
    largest: tuple[float, ...]
    gradient_norm: float
    verdict: str
    critical: bool
    evidence: str
    smallest_residuals: tuple[float, ...]
    largest_residuals: tuple[float, ...]
    converged: bool
    cost: float
    weights_norm: float
    parameters: int
    products: int
    seconds: float

    def __str__(self) -> str:
        where = "at a critical point" if self.critical else "on a slope"
        return "\n".join(
            [
                f"curvature: {self.verdict}, {where}: {self.evidence}",
                f"  smallest eigenvalues  {_row(self.smallest, self.smallest_residuals)}",
                f"  largest eigenvalues   {_row(self.largest, self.largest_residuals)}",
                f"  cost {self.cost:.6g}, gradient norm {self.gradient_norm:.3g}, "
                f"weights {self.weights_norm:.3g}",
                f"  {self.parameters:,} parameters, {self.products:,} Hessian-vector products, "
                f"{self.seconds:.1f} s, {'converged' if self.converged else 'NOT converged'}",
            ]
        )


def _row(values: tuple[float, ...], residuals: tuple[float, ...]) -> str:
    pairs = zip(values, residuals, strict=True)
    return ", ".join(f"{value:.6g} (residual {residual:.1g})" for value, residual in pairs)
