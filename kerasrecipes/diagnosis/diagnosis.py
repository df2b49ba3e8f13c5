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

    Raises:
        TypeError: If something else than a `Finding` is among the findings.

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
        findings = tuple(findings)
        for finding in findings:
            if not isinstance(finding, Finding):
                raise TypeError(
                    "`findings` must hold Finding objects. "
                    f"Received: {type(finding).__name__}. Use `kerasrecipes.diagnosis.Finding`."
                )
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

    def summary(self) -> str:
        """Whether it is healthy, and how much was found, in a few words.

        Example:
            >>> Diagnosis([Finding("a", "data", "note", {"share": 0.5}, "Look.")]).summary()
            'healthy: no error and no warning, 1 note'
        """
        notes = sum(finding.severity == "note" for finding in self.findings)
        harmful = len(self.findings) - notes
        beside = f", {notes} note{'s' * (notes != 1)}" if notes else ""
        if not self.findings:
            return "healthy: nothing found"
        if self.healthy:
            return f"healthy: no error and no warning{beside}"
        return f"not healthy: {harmful} finding{'s' * (harmful != 1)}{beside}"

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as plain values, ready for JSON: no NaN, no infinity.

        Returns:
            Dict of `healthy`, `findings`, `prescription` (the changes that mended the program, the
            best first), `left_out` (checks that could not be made, each with its reason) and
            `bias_variance`.
        """
        reading = self.bias_variance
        return {
            "healthy": self.healthy,
            "findings": [finding.to_dict() for finding in self.findings],
            "prescription": [change.to_dict() for change in self.prescription()],
            "left_out": list(self.left_out),
            "bias_variance": reading.to_dict() if reading else None,
        }

    def __str__(self) -> str:
        lines = [str(self.bias_variance)] if self.bias_variance else []
        lines += [str(finding) for finding in self.findings]
        lines = lines or [self.summary()]
        lines += [f"prescription: {change}" for change in self.prescription()]
        lines += [f"left out: {reason}" for reason in self.left_out]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return as_html(self)
