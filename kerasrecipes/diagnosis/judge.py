"""From evidence to findings."""

from __future__ import annotations

from kerasrecipes.diagnosis.diagnosis import Diagnosis
from kerasrecipes.diagnosis.rules import RULES
from kerasrecipes.diagnosis.trace import Trace


def judge(trace: Trace) -> Diagnosis:
    """Applies every rule to the evidence on one program."""
    return Diagnosis((finding for rule in RULES for finding in rule(trace)), trace=trace)
