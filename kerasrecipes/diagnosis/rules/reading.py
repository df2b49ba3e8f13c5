"""What several rules ask of the evidence."""

from __future__ import annotations

import math
from typing import NamedTuple

from kerasrecipes.diagnosis.trace import LayerFacts, TargetFacts, Trace

EXCLUSIVE = ("categorical_crossentropy", "sparse_categorical_crossentropy")
CROSSENTROPIES = (*EXCLUSIVE, "binary_crossentropy")
HINGES = ("hinge", "squared_hinge", "categorical_hinge")
DISTANCES = (
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
)
PLAIN_KINDS = ("Dense", "Conv1D", "Conv2D", "Conv3D", "SeparableConv1D", "SeparableConv2D")


class Fitting(NamedTuple):
    """The output layer and the loss that fit the targets, as arguments in code."""

    units: int
    activation: str
    loss: str

    def layer(self) -> str:
        """The output layer as code."""
        return f'Dense({self.units}, activation="{self.activation}")'


def fitting_output(trace: Trace) -> Fitting | None:
    """What fits the targets; None if they are unknown.

    Exclusive classes: softmax and the categorical cross-entropy; yes or no: sigmoid and the binary
    one; amounts: linear and the squared error (course 2, week 3, "Softmax regression").
    """
    targets = trace.targets
    if targets is None:
        return None
    if targets.kind == "binary":
        return Fitting(1, "sigmoid", "binary_crossentropy")
    if targets.kind == "one_hot":
        return Fitting(targets.columns, "softmax", "categorical_crossentropy")
    if targets.kind == "classes" and is_classification(trace):
        return Fitting(class_count(targets), "softmax", "sparse_categorical_crossentropy")
    if targets.kind == "multilabel":
        return Fitting(targets.columns, "sigmoid", "binary_crossentropy")
    return Fitting(targets.columns, "linear", "mean_squared_error")


def class_count(targets: TargetFacts) -> int:
    """Units that one class each takes, numbered from 0."""
    highest = math.floor(targets.maximum) + 1 if targets.is_integer else 0
    return max(targets.classes or 1, highest)


def is_classification(trace: Trace) -> bool:
    """Whether the targets are classes, and the program means them so.

    Small integers may be amounts: they count as classes if the loss, the metric or the number of
    output units says so.
    """
    targets, program = trace.targets, trace.program
    if targets is None or targets.kind == "continuous":
        return False
    if targets.kind != "classes":
        return True
    says_so = any("acc" in metric for metric in program.metrics)
    is_class_loss = program.loss in (*CROSSENTROPIES, *HINGES)
    return is_class_loss or says_so or program.output_units == targets.classes


def is_exclusive(trace: Trace) -> bool:
    """Whether each example is of one of more than two classes, or of one of two in two columns."""
    targets = trace.targets
    return targets is not None and (
        targets.kind == "one_hot" or (targets.kind == "classes" and is_classification(trace))
    )


def hidden_layers(trace: Trace) -> tuple[LayerFacts, ...]:
    """All layers but the output layer."""
    return trace.program.layers[:-1]


def output_name(trace: Trace) -> str | None:
    """Name of the output layer."""
    return trace.program.layers[-1].name if trace.program.layers else None


def updates(trace: Trace) -> int | None:
    """Steps of the optimizer in the whole of `fit`: epochs times batches."""
    if trace.inputs is None:
        return None
    return trace.program.epochs * math.ceil(trace.inputs.examples / trace.program.batch_size)
