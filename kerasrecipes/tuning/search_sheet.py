"""The picture of a search: history, importance, slices and parallel coordinates on one sheet."""

from __future__ import annotations

import math

from kerasrecipes.report.figures import canvas
from kerasrecipes.report.figures.importances import draw_importance
from kerasrecipes.report.figures.parallel_coordinates import draw_parallel
from kerasrecipes.report.figures.search_history import draw_history
from kerasrecipes.report.figures.slices import draw_slices
from kerasrecipes.tuning.importance_table import Importance
from kerasrecipes.tuning.search_page import as_bars, as_scores, by_importance
from kerasrecipes.tuning.trials_table import TrialsTable

_MOST_PANELS, _COLUMNS, _MOST_BARS, _MOST_PAIRS = 16, 4, 10, 3


def search_sheet(table: TrialsTable, importance: Importance, title: str) -> bytes:
    """Returns the picture as the bytes of a PNG file.

    Args:
        table: From `trials_table`.
        importance: Of the same trials.
        title: Its heading.
    """
    shown, scores = by_importance(table, importance)[:_MOST_PANELS], as_scores(table)
    bars, pairs = as_bars(table, importance)
    bars = [bar for bar in bars[:_MOST_BARS] if math.isfinite(bar[1])]
    rows = -(-len(shown) // _COLUMNS)
    below = (rows * 1.9 + 0.4, 0.9 + 0.62 * min(12, len(shown))) if shown else ()
    heights = [max(3.4, 0.5 + 0.4 * len(bars + pairs[:_MOST_PAIRS])), *below]
    with canvas.drawing(width=12, height=sum(heights) + 0.4) as sheet:
        sheet.suptitle(canvas.words(title, 90), fontsize=14, x=0.01, ha="left")
        parts = sheet.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        left, right = parts[0].subfigures(1, 2, width_ratios=(3, 2))
        draw_history(left.add_subplot(), scores)
        if bars:
            axes = right.add_subplot(title="share of the differences")
            draw_importance(axes, bars, pairs[:_MOST_PAIRS], meaningful=importance.meaningful)
        else:
            right.text(0.5, 0.5, "no importance: too few trials,\nor no differences", ha="center",
                       va="center", color=canvas.SOFT)  # fmt: skip
        if shown:
            draw_slices(parts[1], shown, scores, min(_COLUMNS, len(shown)))
            draw_parallel(parts[2].add_subplot(), shown[:12], scores)
        return canvas.to_png(sheet)
