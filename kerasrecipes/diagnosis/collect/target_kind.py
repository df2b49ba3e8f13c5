"""What kind of targets an array holds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FEW_CLASSES = 20  # integers that need not be 0..K-1 to count as classes
MOST_CLASSES = 1000
LEAST_PER_CLASS = 2  # below that, integers are rather amounts


class TargetKind(NamedTuple):
    """The kind, and what follows from it.

    Attributes:
        name: As `TargetFacts.kind`.
        columns: Numbers per example.
        classes: How many; None if continuous.
        priors: `(classes,)`, or of each label's 1 where multi-label; None if continuous.
        labels: Class of each example, `(examples,)`; None if continuous or multi-label.
    """

    name: str
    columns: int
    classes: int | None = None
    priors: np.ndarray | None = None
    labels: np.ndarray | None = None


def target_kind(y: np.ndarray) -> TargetKind:
    """Finds the kind of finite targets.

    Several columns are one-hot if exactly one number of each row differs from 0 and all of these
    are equal (divided labels are still labels), multi-label if all are 0 or 1. One column holds
    classes if its values are few, evenly spaced from the smallest on, and each occurs twice on
    average.

    Args:
        y: Finite numbers `(examples,)` or `(examples, ..., columns)`.

    Example:
        >>> target_kind(np.array([[0, 1], [1, 0], [0, 1]])).name
        'one_hot'
        >>> target_kind(np.array([[1, 1], [1, 0], [0, 1]])).name
        'multilabel'
        >>> target_kind(np.array([0.1, 2.3, 1.7])).name
        'continuous'
    """
    columns = y.shape[-1] if y.ndim > 1 else 1
    flat = y.reshape(-1, columns).astype("float64")
    if columns == 1:
        return _one_column(flat[:, 0])
    filled = flat != 0
    if (filled.sum(axis=1) == 1).all() and np.ptp(flat[filled]) == 0:
        return _one_hot(flat)
    if np.isin(flat, (0, 1)).all() and not _is_sparse_map(y):
        return TargetKind("multilabel", columns, columns, flat.mean(axis=0))
    if _is_sparse_map(y) and (kind := _one_column(flat.ravel())).name != "continuous":
        return kind
    return TargetKind("continuous", columns)


def _one_hot(flat: np.ndarray) -> TargetKind:
    labels = flat.argmax(axis=1)
    priors = np.bincount(labels, minlength=flat.shape[1]) / len(flat)
    return TargetKind("one_hot", flat.shape[1], flat.shape[1], priors, labels)


def _is_sparse_map(y: np.ndarray) -> bool:
    """Whether a class may stand at each place of a map or sequence: integers in several axes."""
    return y.ndim > 2 and y.dtype.kind in "biu"


def _one_column(column: np.ndarray) -> TargetKind:
    values, labels, counts = np.unique(column, return_inverse=True, return_counts=True)
    if len(values) == 1:
        is_label = bool(np.isin(values, (0, 1)).all())
        name = "binary" if is_label else "continuous"
        return TargetKind(name, 1, 1, np.ones(1), labels) if is_label else TargetKind(name, 1)
    if not _are_classes(values, len(column)):
        return TargetKind("continuous", 1)
    name = "binary" if len(values) == 2 else "classes"
    return TargetKind(name, 1, len(values), counts / len(column), labels.ravel())


def _are_classes(values: np.ndarray, examples: int) -> bool:
    if len(values) > MOST_CLASSES or examples < LEAST_PER_CLASS * len(values):
        return False
    if len(values) == 2:
        return examples >= 4
    gaps = np.diff(values)
    is_integer = bool((values == np.round(values)).all() and values[0] >= 0)
    if len(values) <= FEW_CLASSES and is_integer:
        return True
    is_even = bool(np.allclose(gaps, gaps[0], rtol=1e-3))
    starts_at_zero = values[0] in (0, 1)
    if len(values) <= FEW_CLASSES:  # labels divided by a constant
        return is_even and values[0] == 0 and examples >= 10 * len(values)
    return is_integer and is_even and starts_at_zero and examples >= 5 * len(values)
