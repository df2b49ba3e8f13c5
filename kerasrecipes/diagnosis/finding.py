"""One thing that is wrong, with the numbers that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

SEVERITIES = ("error", "warning", "note")  # most severe first
CAUSES = (
    "activation",
    "loss",
    "learning_rate",
    "optimizer",
    "epochs",
    "initialization",
    "batch_size",
    "preprocessing",
    "layers",
    "data",
    "regularization",
)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a training.

    Args:
        code: Short stable name of the sign, such as `"high-variance"`.
        cause: What to change; one of `CAUSES`.
        severity: `"error"`, `"warning"`, or `"note"` where the harm was not seen.
        evidence: The measured numbers, by name; at least one.
        advice: What to do, in a sentence.
        where: The layer or variable, or `None` for the whole.
        reference: The part of the course, or the paper, behind it.

    Raises:
        ValueError: If `cause` or `severity` is unknown, or there is no evidence.
    """

    code: str
    cause: str
    severity: str
    evidence: Mapping[str, Any]
    advice: str
    where: str | None = None
    reference: str = field(default="Deep Learning Specialization, course 2")

    def __post_init__(self) -> None:
        if self.cause not in CAUSES:
            raise ValueError(
                f"`cause` must be one of {', '.join(CAUSES)}. Received: cause={self.cause!r}."
            )
        if self.severity not in SEVERITIES:
            raise ValueError(
                f"`severity` must be one of {', '.join(SEVERITIES)}. "
                f"Received: severity={self.severity!r}."
            )
        if not self.evidence:
            raise ValueError(
                "`evidence` must hold at least one measured number: no finding without one. "
                f"Received: evidence={dict(self.evidence)!r}."
            )

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain values, ready for JSON."""
        return {**asdict(self), "evidence": dict(self.evidence)}

    def __str__(self) -> str:
        numbers = ", ".join(f"{name} {_short(value)}" for name, value in self.evidence.items())
        place = f" at {self.where}" if self.where else ""
        return f"{self.severity}: {self.code}{place} ({numbers}). {self.advice}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
