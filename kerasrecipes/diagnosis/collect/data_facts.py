"""What rules see of the inputs and of the targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasrecipes.diagnosis.collect.arrays import numbers, rows_of
from kerasrecipes.diagnosis.collect.first_layer import at_first_layer, starts_with_embedding
from kerasrecipes.diagnosis.collect.target_kind import target_kind
from kerasrecipes.diagnosis.trace import InputFacts, TargetFacts

MOST_INPUT_NUMBERS = 1_000_000
MOST_ROWS = 4_000


def input_facts(x: Any, model: Any = None) -> InputFacts | None:
    """Measures a sample of the inputs, as they reach the model's first layer with weights.

    Args:
        x: Array of inputs `(examples, ...)`, or several of them in a list or dict: tables are laid
            side by side, of others the first is read.
        model: With the layers that may rescale `x`; None to take it as it is.

    Returns:
        The facts, or None where `x` is no array of numbers: `why_no_numbers` says why.

    Example:
        >>> facts = input_facts(np.array([[0.0, 7.0], [2.0, 7.0]]))
        >>> facts.maximum, facts.constant_features, facts.feature_means.tolist()
        (7.0, 1, [7.0, 1.0])
    """
    array = numbers(x)
    if array is None:
        return None
    row_size = max(1, array[:1].size)
    most = max(50, min(MOST_ROWS, MOST_INPUT_NUMBERS // row_size))
    rows = array[rows_of(array, most)]
    seen = rows if model is None else at_first_layer(model, rows)
    features = _features(seen)
    deviations, means = features.std(axis=0), features.mean(axis=0)
    lowest, highest = features.min(axis=0), features.max(axis=0)
    order = np.argsort(deviations, kind="stable")
    return InputFacts(
        examples=len(array),
        shape=tuple(array.shape[1:]),
        is_image=array.ndim == 4 and (array.shape[-1] in (1, 3, 4) or array.shape[1] in (1, 3)),
        is_index=model is not None and starts_with_embedding(model),
        minimum=float(lowest.min()),
        maximum=float(highest.max()),
        mean=float(means.mean()),
        deviation=float(np.sqrt((deviations**2).mean() + means.var())),
        feature_deviations=deviations[order],
        feature_means=means[order],
        constant_features=int((lowest == highest).sum()),
        not_finite=_not_finite(array),
        repeated=_repeated_share(rows),
    )


def target_facts(y: Any) -> TargetFacts | None:
    """Says what the targets look like, whatever the loss expects.

    Args:
        y: Array of targets `(examples,)` or `(examples, ..., columns)`; of several the first.

    Returns:
        The facts, or None where `y` is no array of numbers.

    Example:
        >>> facts = target_facts(np.array([0, 0, 0, 1, 2, 2]))
        >>> facts.kind, facts.classes, facts.priors.round(2).tolist()
        ('classes', 3, [0.5, 0.17, 0.33])
    """
    array = numbers(y)
    if array is None:
        return None
    is_finite = np.isfinite(array)
    kind = target_kind(np.where(is_finite, array, 0))
    values = array[is_finite] if is_finite.any() else np.zeros(1)
    return TargetFacts(
        kind=kind.name,
        columns=kind.columns,
        classes=kind.classes,
        minimum=float(values.min()),
        maximum=float(values.max()),
        mean=float(values.mean()),
        deviation=float(values.std()),
        priors=kind.priors,
        negative_share=float((values < 0).mean()),
        sorted_by_class=kind.labels is not None and stand_together(kind.labels),
        not_finite=int((~is_finite).sum()),
        is_integer=bool((values == np.round(values)).all()),
    )


def stand_together(labels: np.ndarray) -> bool:
    """Whether labels `(examples,)` change ten times more seldom than in a shuffled set.

    In a shuffled set neighbours differ with probability `1 - sum priors^2`; where ten changes or
    more are due, a tenth of them has a chance below 1e-4.
    """
    _, counts = np.unique(labels, return_counts=True)
    due = (len(labels) - 1) * (1 - ((counts / len(labels)) ** 2).sum())
    return bool(due >= 10 and (labels[1:] != labels[:-1]).sum() <= 0.1 * due)


def _features(array: np.ndarray) -> np.ndarray:
    """Finite numbers `(rows, features)`: channels of images and of sequences."""
    flat = array.reshape(len(array), -1) if array.ndim < 3 else array.reshape(-1, array.shape[-1])
    flat = flat.astype("float64", order="F" if flat.shape[1] < 16 else "C")  # sums run down columns
    return np.where(np.isfinite(flat), flat, 0.0) if _not_finite(flat) else flat


def _not_finite(array: np.ndarray) -> int:
    """How many numbers are NaN or infinite; a sum tells of none of them in one quick pass."""
    with np.errstate(over="ignore", invalid="ignore"):
        is_sure = array.dtype.kind != "f" or np.isfinite(array.sum())
    return 0 if is_sure else int((~np.isfinite(array)).sum())


def _repeated_share(rows: np.ndarray) -> float:
    flat = np.ascontiguousarray(rows.reshape(len(rows), -1))
    keys = flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1]))).ravel()
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return float((counts[inverse] > 1).mean())
