"""Numbers far from 1, where training is easy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import harm, is_suspect
from kerasrecipes.diagnosis.trace import Trace

LARGE = 10.0  # standardised features stay below 10, pixels of 0 to 255 and raw columns do not
LARGE_TARGET = 30.0
SMALL_TARGET = 0.01
FAR_START = 10.0
STANDARDISE = "Standardise the inputs: x = (x - x_train.mean(0)) / x_train.std(0)."


def input_scale(trace: Trace) -> float | None:
    """The largest mean or deviation of a feature, where it is above `LARGE`; else None."""
    inputs = trace.inputs
    if inputs is None or inputs.is_index:
        return None
    sizes = [inputs.deviation, *np.abs(inputs.feature_means), *inputs.feature_deviations]
    largest = float(np.nanmax(sizes))
    return largest if largest > LARGE else None


def target_scale(trace: Trace) -> Iterator[Finding]:
    """Targets so large, or so small, that the loss drives the training.

    Sign: targets of a regression with a mean or deviation above 30, or a deviation below 0.01,
    in a program that fails. The output starts near 0, and an adaptive optimizer moves each weight
    by the learning rate a step: 30 is some 30,000 steps of Adam at its default away; of small
    targets the gradient is small.
    What else could cause it: a learning rate that does not fit, which such targets look like.
    """
    targets = trace.targets
    if targets is None or targets.kind != "continuous" or not is_suspect(trace):
        return
    size = max(abs(targets.mean), targets.deviation)
    if size > LARGE_TARGET or targets.deviation < SMALL_TARGET:
        yield Finding(
            "target-scale",
            cause="preprocessing",
            severity=harm(trace),
            where="y",
            evidence={"mean": targets.mean, "deviation": targets.deviation, "limit": LARGE_TARGET},
            advice="Standardise the targets: y = (y - y_train.mean()) / y_train.std().",
            reference="course 2, Normalizing inputs",
        )


def cost_at_the_start(trace: Trace) -> Iterator[Finding]:
    """A first cost far above that of predicting the priors.

    Sign: the cost before the first step is above 10 times the priors', in a program that fails. A
    network whose outputs start near 0 begins at about the priors' cost (log C for C classes); ten
    times that needs outputs that are large and wrong.
    What else could cause it: targets far from 0, which `target_scale` names.
    """
    run = trace.run
    if run is None or run.initial_cost is None or not run.prior_cost or not is_suspect(trace):
        return
    ratio = run.initial_cost / run.prior_cost
    if not ratio > FAR_START or any(target_scale(trace)):
        return
    inputs = input_scale(trace)
    yield Finding(
        "large-initial-cost",
        cause="preprocessing" if inputs else "initialization",
        severity=harm(trace),
        evidence={
            "initial_cost": run.initial_cost,
            "prior_cost": run.prior_cost,
            **({"input_scale": inputs} if inputs else {}),
        },
        advice=STANDARDISE
        if inputs
        else "Start with smaller weights: kernel_initializer=kr.initializers.Xavier().",
        reference="course 2, Normalizing inputs"
        if inputs
        else "course 2, Weight initialization for deep networks",
    )
