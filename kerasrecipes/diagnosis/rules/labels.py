"""The targets themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import severity
from kerasrecipes.diagnosis.rules.reading import (
    CROSSENTROPIES,
    class_count,
    fitting_output,
    is_classification,
    output_name,
)
from kerasrecipes.diagnosis.trace import Trace

LARGE_TARGETS = 10.0  # mean or deviation; outputs begin at about 1
SMALL_TARGETS = 0.01  # deviation; a cost of 1e-4 gives gradients to match
IMBALANCED = 0.9  # share of the commonest class


def targets_not_finite(trace: Trace) -> Iterator[Finding]:
    """NaN or infinity among the targets: the cost is NaN from the first step. Certain."""
    targets = trace.targets
    if targets and targets.not_finite:
        yield Finding(
            "targets-not-finite",
            cause="preprocessing",
            severity="error",
            where="y",
            evidence={"not_finite": targets.not_finite},
            advice="Write keep = np.isfinite(y); x, y = x[keep], y[keep].",
        )


def labels_beyond_units(trace: Trace) -> Iterator[Finding]:
    """Class numbers without a unit of their own: the loss is NaN or garbage there. Certain.

    Labels that begin at 1 are the commonest reason. One sigmoid for three classes is the same
    fault: it can say two of them.
    """
    program, targets = trace.program, trace.targets
    if targets is None or targets.columns != 1 or not targets.is_integer:
        return
    wants = class_count(targets)
    is_sparse = program.loss.startswith("sparse")
    is_single = program.loss == "binary_crossentropy" and targets.kind == "classes"
    if (is_sparse or (is_single and program.output_units == 1)) and wants > program.output_units:
        yield Finding(
            "labels-beyond-units",
            cause="layers",
            severity="error",
            where=output_name(trace),
            evidence={"largest_label": targets.maximum, "output_units": program.output_units},
            advice=f'Write Dense({wants}, activation="softmax"): one unit for each class.',
            reference="course 2, week 3, softmax regression",
        )


def labels_not_as_loss_takes_them(trace: Trace) -> Iterator[Finding]:
    """Labels that are no 0 and 1, or no class numbers: -1 and 1, or divided by 255 with the inputs.

    A cross-entropy takes probabilities, a sparse one whole numbers from 0 on. Smoothed labels
    between 0.5 and 1 are left alone.
    """
    program, targets = trace.program, trace.targets
    if targets is None or program.loss not in CROSSENTROPIES or targets.kind == "continuous":
        return
    if program.loss.startswith("sparse"):
        wrong, line = targets.minimum < 0 or not targets.is_integer, "y = y - y.min()"
    else:
        divided = targets.kind != "classes" and not 0.5 <= targets.maximum <= 1
        wrong, line = targets.minimum < 0 or divided, "y = (y > y.mean()).astype(int)"
    if targets.minimum >= 0 and not targets.is_integer:
        line = "y = np.round(y / y[y > 0].min()).astype(int)"
    if wrong:
        yield Finding(
            "labels-not-as-loss-takes-them",
            cause="preprocessing",
            severity="error",
            where="y",
            evidence={"smallest_label": targets.minimum, "largest_label": targets.maximum},
            advice=f"Write {line}: {program.loss} takes "
            f"{'class numbers from 0 on' if program.loss.startswith('sparse') else '0 and 1'}.",
        )


def one_class_alone(trace: Trace) -> Iterator[Finding]:
    """Training labels that are all the same: there is nothing to learn. Certain."""
    targets = trace.targets
    if targets is None or targets.priors is None or not is_classification(trace):
        return
    if targets.kind != "multilabel" and float(np.max(targets.priors)) == 1.0:
        yield Finding(
            "one-class-alone",
            cause="data",
            severity="error",
            where="y",
            evidence={"share_of_the_commonest": 1.0, "mean_label": targets.mean},
            advice="Write order = rng.permutation(len(x)); x, y = x[order], y[order] before "
            "splitting.",
            reference="course 2, week 1, train/dev/test sets",
        )


def sorted_and_not_shuffled(trace: Trace) -> Iterator[Finding]:
    """Labels in blocks and `shuffle=False`: each batch is of one class, the last one is kept.

    Sorted labels are told from shuffled ones by their seldom changes. Sets that fit in one batch
    are left alone.
    """
    program, targets, inputs = trace.program, trace.targets, trace.inputs
    if targets is None or program.shuffle or not targets.sorted_by_class:
        return
    if inputs is None or inputs.examples > program.batch_size:
        yield Finding(
            "sorted-and-not-shuffled",
            cause="data",
            severity="warning",
            where="fit(shuffle=...)",
            evidence={"classes": targets.classes, "batch_size": program.batch_size},
            advice="Write fit(..., shuffle=True): the labels are in order.",
            reference="course 2, week 2, mini-batch gradient descent",
        )


def classes_imbalanced(trace: Trace) -> Iterator[Finding]:
    """A commonest class above 90 %, with accuracy as the only measure.

    Always answering it scores as much. No harm where the rare class is learned too.
    """
    program, targets = trace.program, trace.targets
    if targets is None or targets.priors is None or targets.kind == "multilabel":
        return
    share = float(np.max(targets.priors))
    only_accuracy = bool(program.metrics) and all("acc" in name for name in program.metrics)
    if only_accuracy and IMBALANCED < share < 1 and is_classification(trace):
        yield Finding(
            "classes-imbalanced",
            cause="data",
            severity=severity(trace),
            where="y",
            evidence={"share_of_the_commonest": share, "limit": IMBALANCED},
            advice='Write metrics=["accuracy", "auc"] and fit(..., class_weight=...).',
            reference="course 3, week 1, single number evaluation metric",
        )


def targets_unscaled(trace: Trace) -> Iterator[Finding]:
    """Amounts far from the size of the first outputs, about 1.

    A mean or deviation above 10: the output bias has a long way, and squared errors give gradients
    to match. A deviation below 0.01: costs of 1e-4 and gradients too small to move weights.
    """
    targets, fits = trace.targets, fitting_output(trace)
    if targets is None or fits is None or is_classification(trace) or targets.deviation == 0:
        return
    if trace.program.loss in CROSSENTROPIES or trace.program.loss == "poisson":
        return
    size = max(abs(targets.mean), targets.deviation)
    if size > LARGE_TARGETS or targets.deviation < SMALL_TARGETS:
        yield Finding(
            "targets-unscaled",
            cause="preprocessing",
            severity=severity(trace),
            where="y",
            evidence={"target_mean": targets.mean, "target_deviation": targets.deviation},
            advice="Write y = (y - y.mean()) / y.std(), and undo it on predictions.",
            reference="course 2, week 1, normalizing inputs",
        )


RULES = (
    targets_not_finite,
    labels_beyond_units,
    labels_not_as_loss_takes_them,
    one_class_alone,
    sorted_and_not_shuffled,
    classes_imbalanced,
    targets_unscaled,
)
