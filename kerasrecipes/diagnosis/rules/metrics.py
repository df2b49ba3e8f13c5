"""Metrics that say nothing about these targets."""

from __future__ import annotations

from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.rules.reading import DISTANCES, is_classification
from kerasrecipes.diagnosis.trace import Trace

ALIASES = {"mse": "mean_squared_error", "mae": "mean_absolute_error"}


def accuracy_of_amounts(trace: Trace) -> Iterator[Finding]:
    """Accuracy for amounts: it counts exact hits, and stays at 0.

    A metric changes no training, so that it is a note. Targets of an autoencoder in 0 to 1 are
    amounts too.
    """
    targets, program = trace.targets, trace.program
    wrong = [name for name in program.metrics if "acc" in name.lower()]
    if targets is not None and targets.kind == "continuous" and wrong:
        if program.loss.startswith("sparse"):
            return
        yield Finding(
            "accuracy-of-amounts",
            cause="loss",
            severity="note",
            where="compile(metrics=...)",
            evidence={"metric": wrong[0], "target_deviation": targets.deviation},
            advice='Write metrics=["mae"]: accuracy counts exact hits of amounts.',
            reference="course 3, week 1, single number evaluation metric",
        )


def distance_of_classes(trace: Trace) -> Iterator[Finding]:
    """Squared or absolute errors alone as metrics for classes: a note."""
    program = trace.program
    targets = trace.targets
    names = [ALIASES.get(name.lower(), name) for name in program.metrics]
    if targets is None or not names:
        return
    if is_classification(trace) and all(name in DISTANCES for name in names):
        yield Finding(
            "distance-of-classes",
            cause="loss",
            severity="note",
            where="compile(metrics=...)",
            evidence={"metric": program.metrics[0], "classes": targets.classes},
            advice='Write metrics=["accuracy"].',
            reference="course 3, week 1, single number evaluation metric",
        )


RULES = (accuracy_of_amounts, distance_of_classes)
