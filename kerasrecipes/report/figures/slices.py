"""The figure of slices: the score against each hyperparameter, on its own scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasrecipes.report.content import Figure
from kerasrecipes.report.figures import canvas
from kerasrecipes.report.figures.search_scores import Dimension, Scores, draw_trials, prepare, shade

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 24
_MOST_ROUNDS = 6
_ROOM, _LETTERS, _MOST_CHOICES = 26, 9, 6  # letters along an axis, of a label; choices all told
_STRIP = 0.035  # the height of the strip of a round, as a share of the panel


def slices(dimensions: Sequence[Dimension], scores: Scores, *, name: str = "slices") -> Figure:
    """Draws a panel a hyperparameter: the score of each trial against the value it had.

    Strips above each panel show where the rounds of a coarse-to-fine search looked, the first
    round at the top.

    Args:
        dimensions: The hyperparameters, the most important first; 24 are drawn at most.
        scores: The completed trials.
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Example:
    >>> rate = Dimension("rate", np.array([0.1, 0.6]), ((0.0, "0.001"), (1.0, "1")), "log scale")
    >>> slices([rate], Scores(np.array([2.0, 1.0]), "val_loss", "min", np.zeros(2, int))).alt
    'Score against rate; the best trial has rate near 1.'
    """
    shown = list(dimensions[:MOST_PANELS])
    if not shown:
        return canvas.nothing_to_show(name, "no hyperparameter can vary.")
    columns = min(len(shown), 2)
    rows = -(-len(shown) // columns)
    with canvas.drawing(height=0.35 + (1.75 if columns > 1 else 2.6) * rows) as sheet:
        draw_slices(sheet, shown, scores, columns)
        hidden = len(dimensions) - len(shown)
        strips = (
            " Strips above a panel show where each round of the search looked, later ones darker."
            if any(any(each) for dimension in shown for each in dimension.boxes)
            else ""
        )
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption="The score of each trial against each hyperparameter, on the scale it is drawn "
            "from; the best trial stands out."
            + strips
            + scores.cut_off_in_words
            + (f" The {hidden} least important are not drawn." if hidden else ""),
            alt=f"Score against {', '.join(canvas.words(each.name, 40) for each in shown)}; "
            f"the best trial has {_best_in_words(shown[0], scores)}.",
            wide=True,
        )


def draw_slices(sheet: Any, shown: Sequence[Dimension], scores: Scores, columns: int) -> None:
    """Draws the panels on a sheet, or on a part of one."""
    rows = -(-len(shown) // columns)
    panels = sheet.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for panel in panels[len(shown) :]:
        panel.set_axis_off()
    for panel, dimension in zip(panels, shown, strict=False):
        _draw_panel(panel, dimension, scores)
    sheet.supylabel(scores.label, fontsize=10, color=canvas.SOFT)


def _draw_panel(axes: Axes, dimension: Dimension, scores: Scores) -> None:
    places = dimension.places + (_jitter(len(dimension.places)) if dimension.categories else 0)
    axes.set_xlim(-0.03, 1.03)
    prepare(axes, scores)
    _draw_boxes(axes, dimension)
    draw_trials(axes, places, scores, size=3.4)
    ticks, letters = _apart(dimension)
    axes.set_xticks([x for x, _ in ticks], [canvas.words(text, letters) for _, text in ticks])
    axes.tick_params(labelsize=8.5)
    inactive = int(np.isnan(dimension.places).sum())
    note = f"{len(places) - inactive} of {len(places)} trials" if inactive else dimension.scale
    title = canvas.two_lines(dimension.name, 25)
    strips = min(_MOST_ROUNDS, sum(bool(parts) for parts in dimension.boxes))
    axes.set_title(title, fontsize=9.5, pad=4 + 3.5 * strips)
    if note:
        axes.set_xlabel(note, fontsize=8.5, labelpad=1)


def _draw_boxes(axes: Axes, dimension: Dimension) -> None:
    """A strip a round above the panel, and the last round's boxes as bands through it."""
    last = len(dimension.boxes) - 1
    zoomed = [(number, parts) for number, parts in enumerate(dimension.boxes) if parts]
    for row, (number, parts) in enumerate(zoomed[-_MOST_ROUNDS:]):
        top = 1.0 + _STRIP * (len(zoomed[-_MOST_ROUNDS:]) - row)
        for low, high in parts:
            strip = axes.axvspan(low, max(high, low + 0.008), top - 0.8 * _STRIP, top, linewidth=0,
                                 color=shade(number, last), clip_on=False)  # fmt: skip
            strip.set_in_layout(False)
    for low, high in dimension.boxes[-1] if dimension.boxes else ():
        axes.axvspan(low, max(high, low + 0.008), color=canvas.TRAIN, alpha=0.10, linewidth=0)


def _jitter(count: int) -> np.ndarray:
    """Small shifts, the same each time, so that equal values do not hide each other."""
    return ((np.arange(count) * 0.618034) % 1 - 0.5) * 0.05


def _apart(dimension: Dimension) -> tuple[list[tuple[float, str]], int]:
    """The ticks whose labels have room, and how many letters each: of few choices, all are told."""
    ticks = list(dimension.ticks)
    longest = max((min(_LETTERS, len(text)) for _, text in ticks), default=1)
    if dimension.categories and len(ticks) <= _MOST_CHOICES:
        return ticks, max(3, _ROOM // len(ticks) - 1)
    most = max(1, _ROOM // (2 + longest))
    if len(ticks) > most:
        chosen = np.unique(np.linspace(0, len(ticks) - 1, most).round().astype(int))
        ticks = [ticks[i] for i in chosen]
    return ticks, _LETTERS


def _best_in_words(dimension: Dimension, scores: Scores) -> str:
    name, place = canvas.words(dimension.name, 40), dimension.places[scores.best]
    if not np.isfinite(place) or not dimension.ticks:
        return f"{name} not active"
    nearest = min(dimension.ticks, key=lambda tick: abs(tick[0] - place))[1]
    return f"{name} near {canvas.words(nearest, 40)}"
