"""Predictions that say the same of every example."""

from __future__ import annotations

from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import fails, harm, is_suspect
from kerasrecipes.diagnosis.rules.cost import at_the_priors, diverged, likeliest
from kerasrecipes.diagnosis.trace import Trace

CONSTANT = 0.02  # of the targets' deviation


def constant_predictions(trace: Trace) -> Iterator[Finding]:
    """Predictions that hardly differ between examples.

    Sign: their deviation is below 2 % of the targets', in a program that fails; less than that
    explains no more than 0.04 % of the targets' variance.
    Cause: as of a cost at the priors; nothing is said where that says it, or the cost diverged.
    What else could cause it: targets that have nothing to do with the inputs.
    """
    skill = trace.run.skill if trace.run else None
    if skill is None or skill.prediction_deviation is None or not is_suspect(trace):
        return
    said = any(at_the_priors(trace)) or any(diverged(trace))
    if not fails(trace) or skill.prediction_deviation >= CONSTANT or said:
        return
    cause, advice, number = likeliest(trace)
    yield Finding(
        "constant-predictions",
        cause=cause,
        severity=harm(trace),
        evidence={"prediction_deviation": skill.prediction_deviation, "limit": CONSTANT} | number,
        advice=advice,
        reference="course 2, Basic recipe for machine learning",
    )
