"""The inputs as they reach the first layer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import severity
from kerasrecipes.diagnosis.trace import InputFacts, Trace

REFERENCE = "course 2, week 1, normalizing inputs"
LARGE = 5.0  # root mean square of a feature; 1 is what initialisations are made for
DIFFERENT = 10.0  # largest over smallest deviation of features
SMALL = 0.02  # largest deviation of a feature
LARGE_MEAN = 3.0  # deviations that a mean lies from 0
TABLE = 200  # features up to which each is a quantity of its own; more are pixels or words
REPEATED = 0.05  # of the examples


def inputs_not_finite(trace: Trace) -> Iterator[Finding]:
    """NaN or infinity in the inputs: the first step makes every weight NaN. Certain."""
    inputs = trace.inputs
    if inputs and inputs.not_finite:
        yield Finding(
            "inputs-not-finite",
            cause="preprocessing",
            severity="error",
            where="x",
            evidence={"not_finite": inputs.not_finite},
            advice="Write x = np.nan_to_num(x), or drop the rows with gaps.",
            reference=REFERENCE,
        )


def inputs_unscaled(trace: Trace) -> Iterator[Finding]:
    """Inputs of another size than zero mean and unit deviation, before the first layer.

    Large: a feature's root mean square above 5. Initialisations keep the variance of inputs of
    about 1, so that outputs are larger by the same factor and gradients by its square. Different:
    deviations of a table's features apart by more than 10, the curvatures by more than 100 (the
    course's elongated cost). Off-centre: a mean more than 3 deviations from 0. Small: all
    deviations below 0.02. Batch normalisation behind the first layer mends it, and is left alone;
    trees of reasons may make a program fail, so that this weighs only where it does.
    """
    inputs, layers = trace.inputs, trace.program.layers
    if inputs is None or inputs.is_index or not layers or layers[0].normalized:
        return
    evidence = _signs(inputs)
    if evidence:
        line = "x = x / 255" if inputs.is_image and inputs.minimum >= 0 else "x = (x - mean) / std"
        yield Finding(
            "inputs-unscaled",
            cause="preprocessing",
            severity=severity(trace),
            where="x",
            evidence={"minimum": inputs.minimum, "maximum": inputs.maximum, **evidence},
            advice=f"Write {line}, or put Standardize in front, adapted on train.",
            reference=REFERENCE,
        )


def _signs(inputs: InputFacts) -> dict[str, float]:
    deviations, means = inputs.feature_deviations, inputs.feature_means
    varies = deviations > 0
    if not varies.any():
        return {}
    deviations, means = deviations[varies], means[varies]
    signs = {}
    size = float(np.sqrt(means**2 + deviations**2).max())
    if size > LARGE:
        signs["largest_root_mean_square"] = size
    if deviations.max() < SMALL:
        signs["largest_deviation"] = float(deviations.max())
    if inputs.is_image or len(deviations) > TABLE:
        return signs
    ratio = float(deviations.max() / deviations.min())
    if ratio > DIFFERENT and _are_amounts(inputs, deviations):
        signs["ratio_of_deviations"] = ratio
    offset = float(np.median(np.abs(means) / deviations))
    if offset > LARGE_MEAN:
        signs["median_mean_over_deviation"] = offset
    return signs


def _are_amounts(inputs: InputFacts, deviations: np.ndarray) -> bool:
    """Whether deviations differ by scale, not because columns of 0 and 1 are seldom 1."""
    return not (inputs.minimum >= 0 and inputs.maximum <= 1 and deviations.max() <= 0.5)


def inputs_constant(trace: Trace) -> Iterator[Finding]:
    """Features that never vary; all of them: nothing can be learned.

    Some are no harm but waste (the margins of images), and no more than a note.
    """
    inputs = trace.inputs
    if inputs is None or not inputs.constant_features or inputs.is_index or inputs.examples < 2:
        return
    features = len(inputs.feature_deviations)
    all_are = inputs.constant_features == features
    yield Finding(
        "inputs-constant",
        cause="data",
        severity="error" if all_are else "note",
        where="x",
        evidence={"constant_features": inputs.constant_features, "features": features},
        advice="Look how x was read: every example is the same."
        if all_are
        else "Write x = x[:, x.std(axis=0) > 0] to leave them out.",
        reference=REFERENCE,
    )


def rows_repeated(trace: Trace) -> Iterator[Finding]:
    """Examples that occur more than once: a note, for tables of few values are like that."""
    inputs = trace.inputs
    if inputs and inputs.repeated > REPEATED:
        yield Finding(
            "rows-repeated",
            cause="data",
            severity="note",
            where="x",
            evidence={"repeated_share": inputs.repeated},
            advice="Write x, rows = np.unique(x, axis=0, return_index=True) before splitting.",
            reference="course 2, week 1, train/dev/test sets",
        )


RULES = (
    inputs_not_finite,
    inputs_unscaled,
    inputs_constant,
    rows_repeated,
)
