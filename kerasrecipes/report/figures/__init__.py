"""The figures of a report: one function each, from plain arrays to a `Figure` of the page.

They are drawn by matplotlib's objects, without pyplot and without its global state, as SVG whose
words stay text: small, sharp, searchable, in the font of the page, and the same bytes each time.
What cannot be drawn (no values, NaN only) becomes a figure that says so.
"""

from kerasrecipes.report.figures.canvas import drawing, from_matplotlib, nothing_to_show
from kerasrecipes.report.figures.confusion import confusion_matrix
from kerasrecipes.report.figures.costs import StepCurves, cost_curves, cost_with_penalty
from kerasrecipes.report.figures.importances import importance_bars
from kerasrecipes.report.figures.ladder import bias_variance_bars
from kerasrecipes.report.figures.layers import layer_values, shares
from kerasrecipes.report.figures.learning_rates import learning_rate_curve, learning_rate_finder
from kerasrecipes.report.figures.parallel_coordinates import parallel_coordinates
from kerasrecipes.report.figures.priors import cost_against_priors
from kerasrecipes.report.figures.residual import residuals
from kerasrecipes.report.figures.search_history import search_history
from kerasrecipes.report.figures.search_scores import Dimension, Scores
from kerasrecipes.report.figures.slices import slices
from kerasrecipes.report.figures.splits import split_sizes

__all__ = [
    "Dimension",
    "Scores",
    "StepCurves",
    "bias_variance_bars",
    "confusion_matrix",
    "cost_against_priors",
    "cost_curves",
    "cost_with_penalty",
    "drawing",
    "from_matplotlib",
    "importance_bars",
    "layer_values",
    "learning_rate_curve",
    "learning_rate_finder",
    "nothing_to_show",
    "parallel_coordinates",
    "residuals",
    "search_history",
    "shares",
    "slices",
    "split_sizes",
]
