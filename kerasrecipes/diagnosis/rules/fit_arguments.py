"""Epochs and batch size."""

from __future__ import annotations

import math
from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import severity
from kerasrecipes.diagnosis.rules.optimizer import reach_is_short
from kerasrecipes.diagnosis.rules.reading import updates
from kerasrecipes.diagnosis.trace import Trace

FEW_UPDATES = 100
MANY_UPDATES = 2000
LARGE_BATCH = 1024  # the course's largest usual size, 2^10
FEW_STEPS = 10  # in an epoch


def too_few_updates(trace: Trace) -> Iterator[Finding]:
    """Fewer than 100 steps in all, or up to 2,000 in which the weights cannot get far.

    See `learning_rate_too_low` for how far they get; there a higher rate does as well. A program
    that learned in few steps is left alone.
    """
    count, program = updates(trace), trace.program
    if count is None or program.optimizer in ("", "none"):
        return
    if count < FEW_UPDATES or (count < MANY_UPDATES and reach_is_short(trace)):
        epochs = program.epochs * max(2, math.ceil(10 * FEW_UPDATES / count))
        yield Finding(
            "too-few-updates",
            cause="epochs",
            severity=severity(trace),
            where="fit(epochs=...)",
            evidence={"updates": count, "epochs": program.epochs},
            advice=f"Write epochs={epochs}.",
            reference="course 2, week 1, basic recipe: train longer",
        )


def batch_of_one(trace: Trace) -> Iterator[Finding]:
    """One example at a time: steps are noisy and nothing is vectorised.

    Learns all the same with a rate to match, so that it weighs only where the program fails.
    """
    if trace.program.batch_size == 1 and trace.inputs and trace.inputs.examples > 32:
        yield Finding(
            "batch-of-one",
            cause="batch_size",
            severity=severity(trace),
            where="fit(batch_size=...)",
            evidence={"batch_size": 1, "examples": trace.inputs.examples},
            advice="Write batch_size=32.",
            reference="course 2, week 2, understanding mini-batch gradient descent",
        )


def batch_too_large(trace: Trace) -> Iterator[Finding]:
    """Batches above 1,024, or of a tenth of the examples and more, with few updates for it.

    Fewer than 10 steps an epoch and fewer than 500 in all: smaller batches give more steps for the
    same work. Sets below 2,000 examples may be one batch (course 2, week 2), if the epochs are
    many.
    """
    count, program, inputs = updates(trace), trace.program, trace.inputs
    if count is None or inputs is None or program.batch_size <= 32:
        return
    steps = math.ceil(inputs.examples / program.batch_size)
    is_large = program.batch_size > LARGE_BATCH or steps < FEW_STEPS
    if is_large and count < 5 * FEW_UPDATES:
        yield Finding(
            "batch-too-large",
            cause="batch_size",
            severity=severity(trace),
            where="fit(batch_size=...)",
            evidence={"batch_size": program.batch_size, "steps_an_epoch": steps, "updates": count},
            advice="Write batch_size=32.",
            reference="course 2, week 2, understanding mini-batch gradient descent",
        )


def small_batch_normalized(trace: Trace) -> Iterator[Finding]:
    """Batch normalisation over fewer than 4 examples: its statistics are noise.

    Ioffe and Szegedy (2015) take means over a batch; over one example of a dense layer the output
    is the shift alone. Convolutions average over places too and are left alone; so are layer and
    group normalisation in convolutional networks, which are not told apart here.
    """
    batch = trace.program.batch_size
    layers = [x for x in trace.program.layers if x.normalized and x.kind == "Dense"]
    if batch < 4 and layers:
        yield Finding(
            "small-batch-normalized",
            cause="batch_size",
            severity=severity(trace),
            where=layers[0].name,
            evidence={"batch_size": batch, "normalized_layers": len(layers)},
            advice="Write batch_size=32.",
            reference="course 2, week 3, batch norm",
        )


RULES = (too_few_updates, batch_of_one, batch_too_large, small_batch_normalized)
