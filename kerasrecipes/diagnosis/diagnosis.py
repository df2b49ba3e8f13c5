"""All findings about one training, the most severe first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kerasrecipes.diagnosis.as_html import as_html
from kerasrecipes.diagnosis.bias_variance import BiasVariance
from kerasrecipes.diagnosis.finding import SEVERITIES, Finding
from kerasrecipes.diagnosis.prescription import Change, prescription
from kerasrecipes.diagnosis.trace import Trace


class Diagnosis:
    """What is wrong with a training, or that nothing is.

    Args:
        findings: In any order; kept the most severe first.
        bias_variance: The reading of bias and variance behind them, where one was made.
        trace: The evidence behind them, where the doctor took it.

    Attributes:
        findings: Tuple of `Finding`, the most severe first.
        healthy: Whether there is no error and no warning among them.
        bias_variance: The `BiasVariance`, or `None`.
        trace: The `Trace`, or `None`.

    Example:
        >>> str(Diagnosis()), Diagnosis().healthy
        ('healthy: nothing found', True)
    """

    def __init__(
        self,
        findings: Iterable[Finding] = (),
        *,
        bias_variance: BiasVariance | None = None,
        trace: Trace | None = None,
    ) -> None:
        self.findings = tuple(sorted(findings, key=lambda f: SEVERITIES.index(f.severity)))
        self.bias_variance = bias_variance
        self.trace = trace

    @property
    def healthy(self) -> bool:
        """Whether there is no error and no warning."""
        return all(finding.severity == "note" for finding in self.findings)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Checks that could not be made, each with its reason."""
        return self.trace.program.left_out if self.trace else ()

    def prescription(self) -> tuple[Change, ...]:
        """The changed settings that mended the program when it was retrained, the best first.

        Returns:
            Tuple of `Change`; empty where no retraining was made, or none helped.
        """
        return prescription(self.trace) if self.trace else ()

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
        lines += [f"left out: {reason}" for reason in self.left_out]
        return "\n".join(lines or ["healthy: nothing found"])

    def _repr_html_(self) -> str:
        return as_html(self)
