"""The figure of what is taken for what: a confusion matrix in which the errors stand out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from kerasrecipes.report.content import Figure
from kerasrecipes.report.figures import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_WITH_COUNTS = 20


def confusion_matrix(
    matrix: ArrayLike,
    labels: Sequence[object] | None = None,
    *,
    name: str = "confusion-matrix",
) -> Figure:
    """Draws a confusion matrix: true classes in rows, predicted ones in columns.

    Errors are red, darker the larger their share of the true class; the diagonal is grey. Up to
    20 classes each cell shows its count and every class its label; above that the labels thin
    out, and the caption names the errors made most often.

    Args:
        matrix: Square array of counts >= 0, of shape `(classes, classes)`.
        labels: One label a class; numbers from 0 without it.
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Raises:
        ValueError: If `matrix` is not square, holds a negative count, or has another number of
            classes than `labels`.

    Example:
    >>> confusion_matrix([[9, 1], [0, 10]], ["cat", "dog"]).alt
    'Confusion matrix of 2 classes: 1 of 20 examples wrong. Most often: cat taken for dog (1).'
    """
    counts = np.nan_to_num(np.asarray(matrix, dtype="float64"), posinf=0.0, neginf=0.0)
    _check_counts(counts, labels)
    if not counts.sum():
        return canvas.nothing_to_show(name, "no example was predicted.")
    classes = [str(label) for label in (labels if labels is not None else range(len(counts)))]
    side = 3.2 if len(classes) <= 3 else 4.3
    with canvas.drawing(height=side) as sheet:
        axes = sheet.add_subplot(xlabel="predicted class", ylabel="true class")
        axes.grid(False)
        axes.imshow(_colours(counts), interpolation="none", aspect="equal")
        axes.spines[:].set_visible(True)
        axes.spines[:].set_color(canvas.RULE)
        if len(classes) <= _MOST_WITH_COUNTS:
            _write_counts(axes, counts)
        _label_classes(axes, classes)
        summary = _summary(counts, classes)
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption=f"Confusion matrix: {summary} Red cells are errors.",
            alt=f"Confusion matrix of {len(classes)} classes: {summary}",
        )


def _check_counts(counts: np.ndarray, labels: Sequence[object] | None) -> None:
    if counts.size and (counts.ndim != 2 or counts.shape[0] != counts.shape[1]):
        raise ValueError(
            "`matrix` must be square, one row and one column a class. "
            f"Received: matrix of shape {counts.shape}."
        )
    if (counts < 0).any():
        raise ValueError(
            f"`matrix` must hold counts, none below 0. Received: a count of {counts.min():g}."
        )
    if labels is not None and len(labels) != len(counts):
        raise ValueError(
            "`labels` must have one label a class. "
            f"Received: {len(labels)} labels for {len(counts)} classes."
        )


def _colours(counts: np.ndarray) -> np.ndarray:
    """Red, green, blue and opacity of each cell, of shape `(classes, classes, 4)`."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = np.zeros((*counts.shape, 4))
    image[..., :3] = np.array([179, 38, 30]) / 255
    image[..., 3] = np.where(counts > 0, 0.18 + 0.82 * np.sqrt(share), 0.0)
    diagonal = np.eye(len(counts), dtype=bool)
    image[diagonal, :3] = np.array([88, 98, 115]) / 255
    image[diagonal, 3] = np.where(counts[diagonal] > 0, 0.16, 0.04)
    return image


def _write_counts(axes: Axes, counts: np.ndarray) -> None:
    from matplotlib.colors import to_hex

    opacity = _colours(counts)[..., 3]
    size = 10 if len(counts) <= 10 else 9 if len(counts) <= 14 else 7
    for row, column in np.argwhere(counts > 0):
        wrong = row != column
        light = wrong and opacity[row, column] > 0.8
        color = to_hex("white") if light else canvas.INK if wrong else canvas.SOFT
        text = f"{counts[row, column]:.0f}"
        weight = "bold" if wrong else "normal"
        axes.text(
            column, row, text, ha="center", va="center", color=color, size=size, weight=weight
        )


def _label_classes(axes: Axes, classes: list[str]) -> None:
    every = -(-len(classes) // _MOST_WITH_COUNTS)
    ticks = range(0, len(classes), every)
    shown = [canvas.words(classes[tick], 14) for tick in ticks]
    crowded = max(map(len, shown)) * len(shown) > 34
    size = 9.5 if len(shown) <= 12 else 7.5
    axes.set_xticks(ticks, shown, rotation=90 if crowded else 0, size=size)
    axes.set_yticks(ticks, shown, size=size)
    axes.tick_params(length=0)


def _summary(counts: np.ndarray, classes: list[str]) -> str:
    errors = counts.copy()
    np.fill_diagonal(errors, 0)
    text = f"{errors.sum():,.0f} of {counts.sum():,.0f} examples wrong."
    most = [
        index for index in np.argsort(-errors, axis=None, kind="stable")[:3] if errors.flat[index]
    ]
    pairs = []
    for index in most:
        true, predicted = np.unravel_index(index, counts.shape)
        true_label, label = (canvas.words(classes[c], 40) for c in (true, predicted))
        pairs.append(f"{true_label} taken for {label} ({errors.flat[index]:.0f})")
    return f"{text} Most often: {', '.join(pairs)}." if pairs else text
