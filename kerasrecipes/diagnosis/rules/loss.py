"""The loss against the targets."""

from __future__ import annotations

from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import severity
from kerasrecipes.diagnosis.rules.reading import (
    CROSSENTROPIES,
    DISTANCES,
    fitting_output,
    is_classification,
    is_exclusive,
)
from kerasrecipes.diagnosis.trace import Trace

PLACE = "compile(loss=...)"
REFERENCE = "course 2, week 3, training a softmax classifier"


def distance_on_classes(trace: Trace) -> Iterator[Finding]:
    """A squared or absolute error on labels.

    Behind a sigmoid its gradient vanishes where the network is surely wrong, where that of a
    cross-entropy is largest; the absolute error is worse: its best constant answer is the majority,
    with gradient towards it. Works often enough to weigh only in a program that fails.
    """
    program, fits = trace.program, fitting_output(trace)
    if fits and is_classification(trace) and program.loss in DISTANCES and trace.targets:
        two = fits.activation == "sigmoid" and trace.targets.columns < program.output_units
        loss = "sparse_categorical_crossentropy" if two else fits.loss
        yield Finding(
            "distance-on-classes",
            cause="loss",
            severity=severity(trace),
            where=PLACE,
            evidence={"classes": trace.targets.classes, "loss": program.loss},
            advice=f'Write loss="{loss}": the targets are classes, not amounts.',
            reference=REFERENCE,
        )


def binary_crossentropy_on_exclusive_classes(trace: Trace) -> Iterator[Finding]:
    """The binary cross-entropy on one-hot targets, as if each class were a question of its own.

    Nine of ten answers are right by saying no, and Keras's "accuracy" then counts these: that of
    guessing is 0.9 with ten classes. Two columns are the same question twice and left alone.
    """
    program, targets, fits = trace.program, trace.targets, fitting_output(trace)
    if targets is None or fits is None or program.loss != "binary_crossentropy":
        return
    if targets.kind == "one_hot" and targets.columns > 2:
        yield Finding(
            "binary-crossentropy-on-exclusive-classes",
            cause="loss",
            severity=severity(trace),
            where=PLACE,
            evidence={
                "classes": targets.columns,
                "accuracy_of_saying_no": 1 - 1 / targets.columns,
            },
            advice=f'Write loss="{fits.loss}": exactly one class is right for each example.',
            reference=REFERENCE,
        )


def exclusive_loss_on_labels(trace: Trace) -> Iterator[Finding]:
    """A categorical cross-entropy where several labels or none may be right, or amounts."""
    program, targets, fits = trace.program, trace.targets, fitting_output(trace)
    if targets is None or fits is None or program.loss != "categorical_crossentropy":
        return
    row_sum = targets.mean * targets.columns
    is_distribution = targets.minimum >= 0 and abs(row_sum - 1) < 0.01
    if targets.columns > 1 and targets.kind in ("multilabel", "continuous") and not is_distribution:
        yield Finding(
            "exclusive-loss-on-labels",
            cause="loss",
            severity=severity(trace),
            where=PLACE,
            evidence={"mean_sum_of_targets": row_sum, "sum_of_outputs": 1.0},
            advice=f'Write loss="{fits.loss}": the targets of an example do not sum to 1.',
            reference=REFERENCE,
        )


def categorical_loss_on_one_unit(trace: Trace) -> Iterator[Finding]:
    """The categorical cross-entropy over one unit: 0 for every prediction.

    Keras divides the outputs by their sum, and `p / p = 1`; with logits, softmax of one is 1.
    Certain by arithmetic.
    """
    program, fits = trace.program, fitting_output(trace)
    if program.loss == "categorical_crossentropy" and program.output_units == 1:
        loss = fits.loss if fits else "binary_crossentropy"
        yield Finding(
            "categorical-loss-on-one-unit",
            cause="loss",
            severity="error",
            where=PLACE,
            evidence={"output_units": 1, "gradient": 0.0},
            advice=f'Write loss="{loss}": over one unit this loss has no gradient.',
            reference=REFERENCE,
        )


def crossentropy_on_amounts(trace: Trace) -> Iterator[Finding]:
    """A cross-entropy on targets that are no probabilities: amounts outside 0 to 1.

    Such a cost falls without bound, or its gradient is that of clipped logarithms. Targets within
    0 to 1 may be probabilities, or pixels of an autoencoder, and are left alone.
    """
    program, targets = trace.program, trace.targets
    if targets is None or targets.kind != "continuous" or program.loss not in CROSSENTROPIES:
        return
    if program.loss.startswith("sparse") and targets.is_integer and targets.minimum >= 0:
        return
    if targets.minimum < 0 or targets.maximum > 1:
        yield Finding(
            "crossentropy-on-amounts",
            cause="loss",
            severity="error",
            where=PLACE,
            evidence={"target_minimum": targets.minimum, "target_maximum": targets.maximum},
            advice='Write loss="mean_squared_error": the targets are amounts.',
            reference="course 1, week 2, logistic regression cost function",
        )


def binary_loss_on_several_classes(trace: Trace) -> Iterator[Finding]:
    """The binary cross-entropy on labels 0, 1, 2, ...: it knows 0 to 1 alone.

    A label of 2 rewards outputs without bound. Certain.
    """
    program, targets, fits = trace.program, trace.targets, fitting_output(trace)
    if targets is None or fits is None or program.loss != "binary_crossentropy":
        return
    if targets.kind == "classes" and targets.maximum > 1:
        yield Finding(
            "binary-loss-on-several-classes",
            cause="loss",
            severity="error",
            where=PLACE,
            evidence={"classes": targets.classes, "largest_label": targets.maximum},
            advice=f'Write loss="{fits.loss}" behind {fits.layer()}.',
            reference=REFERENCE,
        )


def loss_does_not_fit_encoding(trace: Trace) -> Iterator[Finding]:
    """Class numbers where the loss takes one-hot rows, or the other way round.

    Keras refuses most of these itself; a squared error against a column of class numbers is
    broadcast in silence.
    """
    program, targets = trace.program, trace.targets
    if targets is None or program.output_rank != 2 or program.output_units < 2:
        return
    is_column = targets.columns == 1
    wants_column = program.loss.startswith("sparse")
    known = program.loss in (*CROSSENTROPIES, *DISTANCES, "kl_divergence")
    if not known or is_column == wants_column:
        return
    if wants_column and not is_exclusive(trace):
        return
    is_class = targets.kind in ("binary", "classes")
    fitting = "sparse_categorical_crossentropy" if is_column else "categorical_crossentropy"
    line = f'Write loss="{fitting}"' if is_class or not is_column else "Write Dense(1)"
    yield Finding(
        "loss-does-not-fit-encoding",
        cause="loss" if is_class or not is_column else "layers",
        severity="error",
        where=PLACE,
        evidence={"target_columns": targets.columns, "output_units": program.output_units},
        advice=f"{line}: the targets have {targets.columns} column"
        f"{'' if is_column else 's'} for {program.output_units} units.",
        reference=REFERENCE,
    )


def loss_outside_its_range(trace: Trace) -> Iterator[Finding]:
    """Relative errors of targets near 0, logarithmic ones of negative targets.

    The relative error divides by the target (Keras by at least 1e-7), the logarithmic ones clip
    negative numbers.
    """
    program, targets = trace.program, trace.targets
    if targets is None or is_classification(trace):
        return
    crosses = program.loss == "mean_absolute_percentage_error" and targets.minimum <= 0
    negative = program.loss in ("mean_squared_logarithmic_error", "poisson") and targets.minimum < 0
    if crosses or negative:
        yield Finding(
            "loss-outside-its-range",
            cause="loss",
            severity=severity(trace),
            where=PLACE,
            evidence={"target_minimum": targets.minimum, "loss": program.loss},
            advice='Write loss="mean_squared_error" or "huber": this one takes targets above 0.',
            reference="Keras, regression losses",
        )


RULES = (
    distance_on_classes,
    binary_crossentropy_on_exclusive_classes,
    exclusive_loss_on_labels,
    categorical_loss_on_one_unit,
    crossentropy_on_amounts,
    binary_loss_on_several_classes,
    loss_does_not_fit_encoding,
    loss_outside_its_range,
)
