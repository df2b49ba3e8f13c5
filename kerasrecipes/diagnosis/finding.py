"""One thing that is wrong, with the numbers that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from kerasrecipes.data.plain import plain

SEVERITIES = ("error", "warning", "note")
"""How bad a finding is, the most severe first."""
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
"""What a finding may name as its cause."""


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
        ValueError: If `cause` or `severity` is unknown, or evidence, code or advice is missing.
    """

    code: str
    cause: str
    severity: str
    evidence: Mapping[str, Any]
    advice: str
    where: str | None = None
    reference: str = "Deep Learning Specialization, course 2"

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
        if not (isinstance(self.evidence, Mapping) and self.evidence):
            raise ValueError(
                "`evidence` must hold at least one measured number by its name: no finding without "
                f"one. Received: evidence={self.evidence!r}."
            )
        for name, text in (("code", self.code), ("advice", self.advice)):
            if not (isinstance(text, str) and text.strip()):
                raise ValueError(
                    f"`{name}` must be text: it is what the reader sees. Received: {name}={text!r}."
                )

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain values, ready for JSON."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}

    def numbers(self) -> str:
        """The evidence as text."""
        return ", ".join(f"{name} {_short(value)}" for name, value in self.evidence.items())

    def __str__(self) -> str:
        place = f" at {self.where}" if self.where else ""
        return f"{self.severity}: {self.code}{place} ({self.numbers()}). {self.advice}"


def _short(value: Any) -> str:
    value = plain(value) if hasattr(value, "__array__") else value
    return f"{value:.4g}" if isinstance(value, float) else str(value)
