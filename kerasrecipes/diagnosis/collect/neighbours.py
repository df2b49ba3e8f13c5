"""Whether inputs say anything of the targets, whatever the network."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasrecipes.diagnosis.collect.arrays import numbers, rows_of
from kerasrecipes.diagnosis.trace import InputFacts, TargetFacts

NEIGHBOURS = 5
FEWEST = 100  # examples, below which chance alone reaches 0.1 of skill


def neighbour_skill(
    x: Any, y: Any, inputs: InputFacts | None, targets: TargetFacts | None, most: int = 1000
) -> float | None:
    """Predicts each example by its five nearest others, and compares that with guessing.

    No network is in it: labels that belong to other examples, or were shuffled, give about 0 or
    less, whatever else is wrong with the program. Distances are Euclidean, on standardised
    features.

    Args:
        x: As given to `fit`.
        y: As given to `fit`.
        inputs: Facts on x; None gives None.
        targets: Facts on y; None gives None.
        most: Largest number of examples, drawn at random; time grows with its square.

    Returns:
        Skill, 0 for guessing and 1 for perfect; None where the examples are fewer than 100, have
        numbers that are not finite, are indices of an embedding, or are of one class alone.

    Example:
        >>> from kerasrecipes.diagnosis.collect import input_facts, target_facts
        >>> x = np.random.default_rng(0).normal(size=(300, 2))
        >>> y = (x[:, 0] > 0).astype(int)
        >>> facts = input_facts(x), target_facts(y)
        >>> neighbour_skill(x, y, *facts) > 0.8
        True
        >>> neighbour_skill(x, np.random.default_rng(1).permutation(y), *facts) < 0.2
        True
    """
    if inputs is None or targets is None or inputs.is_index or targets.classes == 1:
        return None
    features, labels = numbers(x), numbers(y)
    if features is None or labels is None or len(features) < FEWEST:
        return None
    rows = rows_of(labels, most)
    features, labels = _flat(features[rows]), _flat(labels[rows])
    if len(features) != len(labels) or not (_is_finite(features) and _is_finite(labels)):
        return None
    if targets.kind in ("binary", "classes"):
        labels = (labels == np.unique(labels)).astype("float64")
    predicted = labels[_nearest(features)].mean(axis=1)
    if targets.kind == "continuous":
        missed, total = ((labels - predicted) ** 2).sum(), labels.var(axis=0).sum() * len(labels)
        return float(1 - missed / total) if total > 0 else None
    if targets.kind == "multilabel":
        right = ((predicted > 0.5) == (labels > 0.5)).mean()
        guessed = np.maximum(labels.mean(0), 1 - labels.mean(0)).mean()
    else:
        right = (predicted.argmax(axis=1) == labels.argmax(axis=1)).mean()
        guessed = labels.mean(axis=0).max()
    return float((right - guessed) / (1 - guessed)) if guessed < 1 else None


def _flat(array: np.ndarray) -> np.ndarray:
    return array.reshape(len(array), -1).astype("float64")


def _is_finite(array: np.ndarray) -> bool:
    return bool(np.isfinite(array).all())


def _nearest(features: np.ndarray) -> np.ndarray:
    """Rows of the nearest others, `(examples, NEIGHBOURS)`."""
    deviations = features.std(axis=0)
    scaled = ((features - features.mean(axis=0)) / np.where(deviations > 0, deviations, 1)).astype(
        "float32"
    )
    squares = (scaled**2).sum(axis=1)
    distances = squares[:, None] + squares[None] - 2 * scaled @ scaled.T
    np.fill_diagonal(distances, np.inf)
    return np.argpartition(distances, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
