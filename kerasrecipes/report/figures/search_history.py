"""The figure of a search's history: each trial's score, and the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerasrecipes.report.content import Figure
from kerasrecipes.report.figures import canvas
from kerasrecipes.report.figures.search_scores import (
    BEST,
    Scores,
    best_so_far,
    draw_trials,
    prepare,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_MARKS = 8


def search_history(scores: Scores, *, name: str = "search-history") -> Figure:
    """Draws the score of each trial in the order of completion, and the best so far as a line.

    Args:
        scores: The completed trials, at least one; where they have rounds, a line marks where each
            begins.
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Example:
    >>> scores = Scores(np.array([0.5, 0.2, 0.3]), "val_loss", "min", np.zeros(3, int))
    >>> search_history(scores).alt
    'Score of 3 trials in order of completion; the best, val_loss 0.2, is trial 2.'
    """
    with canvas.drawing() as sheet:
        draw_history(sheet.add_subplot(), scores)
        count, place = len(scores.values), scores.best
        best = f"{canvas.words(scores.objective, 60)} {canvas.short(scores.values[place])}"
        rounds = " Dotted lines mark where a round begins." if scores.rounds.any() else ""
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption="Each dot is a trial, in the order of completion; the line is the best so far."
            + rounds
            + scores.cut_off_in_words,
            alt=f"Score of {count} trial{'s' * (count != 1)} in order of completion; the best, "
            f"{best}, is trial {place + 1}.",
        )


def draw_history(axes: Axes, scores: Scores) -> None:
    """Draws the history on axes of their own."""
    count = len(scores.values)
    x = np.arange(1, count + 1)
    canvas.limits(axes, count)
    prepare(axes, scores)
    starts = np.flatnonzero(np.diff(np.maximum.accumulate(scores.rounds)) > 0)
    for start in starts[:: -(-len(starts) // _MOST_MARKS) or 1]:
        axes.axvline(start + 1.5, color=canvas.SOFT, linewidth=1, linestyle=":", zorder=1)
    draw_trials(axes, x.astype(float), scores)
    axes.step(x, best_so_far(scores), where="post", color=BEST, linewidth=1.6)
    canvas.whole_ticks(axes.xaxis)
    axes.set(xlabel="trial, in order of completion", ylabel=scores.label)
