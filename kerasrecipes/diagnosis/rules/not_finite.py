"""NaN and infinity: where they arose first, and why."""

from __future__ import annotations

import math
from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.rules.scale import STANDARDISE, input_scale
from kerasrecipes.diagnosis.trace import Trace

FIRST_STEPS = 2  # too early for the learning rate to have driven the weights away
NORMALIZING = "course 2, Normalizing inputs"
RANGES = {"sigmoid", "softmax", "hard_sigmoid"}


def not_finite(trace: Trace) -> Iterator[Finding]:
    """NaN or infinity in the training.

    Sign: the first place and step where a number was not finite, or a cost that is none. No
    threshold; always an error: what follows is not trained.
    Cause, in this order: such numbers in the data; a cross-entropy of outputs that are no
    probabilities; inputs above 10; in the first two steps the loss or the initialisation; later a
    learning rate that drove the weights away.
    What else could cause it: a loss or layer of the user's own that divides by 0, or takes a
    logarithm of it; float16 without loss scaling.
    """
    run = trace.run
    if run is None:
        return
    epochs = [epoch for epoch, cost in enumerate(run.costs, 1) if not math.isfinite(cost)]
    if run.not_finite is None and not epochs:
        return
    step, place = run.not_finite or (None, None)
    cause, evidence, advice, reference = _cause(trace, step)
    when = {"step": step} if step is not None else {"epoch": epochs[0]}
    yield Finding(
        "not-finite",
        cause=cause,
        severity="error",
        where=place,
        evidence=when | evidence,
        advice=advice,
        reference=reference,
    )


def _cause(trace: Trace, step: int | None) -> tuple[str, dict[str, float], str, str]:
    program, inputs, targets = trace.program, trace.inputs, trace.targets
    scale = input_scale(trace)
    rate = {"learning_rate": program.learning_rate}
    if inputs and inputs.not_finite:
        advice = "Replace what is missing: x = numpy.nan_to_num(x), or drop these rows."
        return "data", {"not_finite_inputs": inputs.not_finite}, advice, "course 2, Setting up"
    if targets and targets.not_finite:
        advice = "Drop the rows whose target is missing: keep = numpy.isfinite(y)."
        return "data", {"not_finite_targets": targets.not_finite}, advice, "course 2, Setting up"
    entropy = "crossentropy" in program.loss and not program.from_logits
    if entropy and program.output_activation not in RANGES:
        last = "softmax" if program.output_units > 1 else "sigmoid"
        advice = f'Give the last layer activation="{last}": the logarithm needs probabilities.'
        return "activation", {"output_units": program.output_units}, advice, "course 2, Softmax"
    if scale:
        return "preprocessing", {"input_scale": scale}, STANDARDISE, NORMALIZING
    if step is not None and step <= FIRST_STEPS:
        advice = "Start with smaller weights, and look into the loss for a division by 0."
        return "initialization", rate, advice, "course 2, Vanishing / exploding gradients"
    advice = f"Try learning_rate={program.learning_rate / 10:g}, and clipnorm=1.0 beside it."
    return "learning_rate", rate, advice, "course 2, Learning rate decay"
