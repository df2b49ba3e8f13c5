"""All findings about one training, the most severe first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kerasrecipes.diagnosis.as_html import as_html
from kerasrecipes.diagnosis.bias_variance import BiasVariance
from kerasrecipes.diagnosis.finding import SEVERITIES, Finding


class Diagnosis:
    """What is wrong with a training, or that nothing is.

    Args:
        findings: In any order; kept the most severe first.
        bias_variance: The reading of bias and variance behind them, where one was made.

    Attributes:
        findings: Tuple of `Finding`, the most severe first.
        healthy: Whether there is no error and no warning among them.
        bias_variance: The `BiasVariance`, or `None`.

    Example:
        >>> str(Diagnosis()), Diagnosis().healthy
        ('healthy: nothing found', True)
    """

    def __init__(
        self, findings: Iterable[Finding] = (), *, bias_variance: BiasVariance | None = None
    ) -> None:
        self.findings = tuple(sorted(findings, key=lambda f: SEVERITIES.index(f.severity)))
        self.bias_variance = bias_variance

    @property
    def healthy(self) -> bool:
        """Whether there is no error and no warning."""
        return all(finding.severity == "note" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as plain values, ready for JSON."""
        reading = self.bias_variance
        return {
            "healthy": self.healthy,
            "findings": [finding.to_dict() for finding in self.findings],
            "bias_variance": reading.to_dict() if reading else None,
        }

    def __str__(self) -> str:
        lines = [str(self.bias_variance)] if self.bias_variance else []
        lines += [str(finding) for finding in self.findings]
        return "\n".join(lines or ["healthy: nothing found"])

    def _repr_html_(self) -> str:
        return as_html(self)
