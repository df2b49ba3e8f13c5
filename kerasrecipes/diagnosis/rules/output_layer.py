"""The output layer against the targets."""

from __future__ import annotations

from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import flaw_severity, severity
from kerasrecipes.diagnosis.rules.reading import (
    CROSSENTROPIES,
    HINGES,
    Fitting,
    fitting_output,
    is_classification,
    is_exclusive,
    output_name,
)
from kerasrecipes.diagnosis.trace import Trace

REFERENCE = "course 2, week 3, softmax regression"
PROBABILITIES = ("softmax", "sigmoid", "hard_sigmoid", "custom")
# What an activation can give.
RANGES = {
    "relu": (0.0, float("inf")),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, float("inf")),
    "exponential": (0.0, float("inf")),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
OUT_OF_RANGE = 0.1  # of the targets' deviation; less is within their noise


def softmax_on_one_unit(trace: Trace) -> Iterator[Finding]:
    """Softmax over one unit: it is 1 for every input, whatever the weights.

    Certain by arithmetic, `exp(z) / exp(z) = 1`: the gradient is 0. Nothing else looks like it.
    """
    program = trace.program
    if program.output_activation == "softmax" and program.output_units == 1:
        fitting = fitting_output(trace) or Fitting(1, "sigmoid", "binary_crossentropy")
        yield Finding(
            "softmax-on-one-unit",
            cause="activation",
            severity="error",
            where=output_name(trace),
            evidence={"output_units": 1, "prediction": 1.0},
            advice=f"Write {fitting.layer()}: a softmax over one unit is always 1.",
            reference=REFERENCE,
        )


def sigmoid_over_exclusive_classes(trace: Trace) -> Iterator[Finding]:
    """Sigmoids where each example is of one class alone.

    With a categorical cross-entropy Keras divides the outputs by their sum: raising all of them
    costs nothing, and saturated units stop learning. It often works all the same, so it weighs only
    in a program that fails. Labels that do not exclude each other look alike if each example
    happens to have one.
    """
    program = trace.program
    fits = fitting_output(trace)
    if fits and is_exclusive(trace) and "sigmoid" in program.output_activation:
        if program.from_logits:
            return
        yield Finding(
            "sigmoid-over-exclusive-classes",
            cause="activation",
            severity=flaw_severity(trace),
            where=output_name(trace),
            evidence={"classes": fits.units, "output_units": program.output_units},
            advice=f"Write {fits.layer()}: exactly one class is right for each example.",
            reference=REFERENCE,
        )


def softmax_over_labels(trace: Trace) -> Iterator[Finding]:
    """A softmax, whose outputs share 1, where several labels or none may be right, or amounts.

    Targets whose rows sum to 1 on average are left alone: they may be probabilities.
    """
    program, targets, fits = trace.program, trace.targets, fitting_output(trace)
    if targets is None or fits is None or program.output_activation != "softmax":
        return
    row_sum = targets.mean * targets.columns
    is_distribution = targets.minimum >= 0 and abs(row_sum - 1) < 0.01
    if program.output_units < 2 or is_distribution or targets.columns < 2:
        return
    if targets.kind in ("multilabel", "continuous"):
        yield Finding(
            "softmax-over-labels",
            cause="activation",
            severity=flaw_severity(trace),
            where=output_name(trace),
            evidence={"mean_sum_of_targets": row_sum, "sum_of_outputs": 1.0},
            advice=f"Write {fits.layer()}: the outputs of a softmax always sum to 1.",
            reference=REFERENCE,
        )


def output_is_no_probability(trace: Trace) -> Iterator[Finding]:
    """ReLU, tanh or a linear output where the loss takes probabilities of classes.

    A cross-entropy without `from_logits=True` takes the logarithm of the output; outside (0, 1) it
    is clipped there and its gradient is 0. Hinge losses and tanh against labels -1 and 1 are meant
    so, and are left alone. Squared errors work with linear outputs, though seldom well.
    """
    program, targets, fits = trace.program, trace.targets, fitting_output(trace)
    if targets is None or fits is None or not is_classification(trace):
        return
    if program.from_logits or program.loss in HINGES:
        return
    if program.output_activation in PROBABILITIES or targets.minimum < 0:
        return
    is_least_squares = program.loss not in CROSSENTROPIES and program.output_units == 1
    if is_least_squares and program.output_activation == "linear":
        return  # on labels 0 and 1: the loss is what to change
    yield Finding(
        "output-is-no-probability",
        cause="activation",
        severity=flaw_severity(trace),
        where=output_name(trace),
        evidence={"output_activation": program.output_activation, "classes": targets.classes},
        advice=f"Write {fits.layer()}: classes are told by probabilities.",
        reference=REFERENCE,
    )


def output_cannot_reach_targets(trace: Trace) -> Iterator[Finding]:
    """Amounts that the last activation cannot give, such as negative ones behind a ReLU.

    Fires where a target lies outside the activation's range by more than a tenth of the targets'
    deviation. A single outlier looks alike; the evidence has the range.
    """
    program, targets = trace.program, trace.targets
    if targets is None or is_classification(trace) or program.output_activation not in RANGES:
        return
    low, high = RANGES[program.output_activation]
    margin = OUT_OF_RANGE * targets.deviation
    if targets.minimum < low - margin or targets.maximum > high + margin:
        yield Finding(
            "output-cannot-reach-targets",
            cause="activation",
            severity=severity(trace),
            where=output_name(trace),
            evidence={
                "target_minimum": targets.minimum,
                "target_maximum": targets.maximum,
                "output_minimum": low,
                "output_maximum": high,
            },
            advice=f"Write Dense({program.output_units}): {program.output_activation} gives "
            f"{low:g} to {high:g}, the targets are amounts of any size.",
            reference="course 1, week 3, activation functions",
        )


def activation_twice(trace: Trace) -> Iterator[Finding]:
    """An activation on top of another at the output: softmax of a softmax, softmax of a ReLU.

    The second one sees numbers of 0 to 1, or none below 0: its outputs stay near each other and the
    gradients small. Training is slower and the cost never near 0, but it may work.
    """
    program = trace.program
    inner = program.layers[-1].inner_activations if program.layers else ()
    if inner and program.output_activation in ("softmax", "sigmoid"):
        yield Finding(
            "activation-twice",
            cause="activation",
            severity=flaw_severity(trace),
            where=output_name(trace),
            evidence={"activations": [*inner, program.output_activation]},
            advice=f"Write Dense({program.output_units}) in front of the last "
            f"{program.output_activation}, without {inner[0]}.",
            reference=REFERENCE,
        )


def probabilities_taken_for_logits(trace: Trace) -> Iterator[Finding]:
    """`from_logits=True` over an output that is a probability already.

    The loss then applies softmax or sigmoid a second time. Keras on TensorFlow notices it in some
    graphs and corrects it.
    """
    program = trace.program
    if program.from_logits and program.output_activation in ("softmax", "sigmoid"):
        yield Finding(
            "probabilities-taken-for-logits",
            cause="loss",
            severity=flaw_severity(trace),
            where="compile(loss=...)",
            evidence={"from_logits": True, "output_activation": program.output_activation},
            advice=f'Write loss="{program.loss}": the output is a probability already.',
            reference=REFERENCE,
        )


RULES = (
    softmax_on_one_unit,
    sigmoid_over_exclusive_classes,
    softmax_over_labels,
    output_is_no_probability,
    output_cannot_reach_targets,
    activation_twice,
    probabilities_taken_for_logits,
)
