"""The figure of a cost against that of predicting the priors."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from kerasrecipes.report.content import Figure
from kerasrecipes.report.figures import canvas


def cost_against_priors(
    costs: ArrayLike,
    prior_cost: float | None = None,
    *,
    unit: str = "epoch",
    name: str = "cost-against-priors",
) -> Figure:
    """Draws the cost, and as a line across the cost of the best constant prediction.

    Args:
        costs: One an epoch, or one a batch.
        prior_cost: The line across; None if it is not known.
        unit: What the costs are of, e.g. `"epoch"`. Defaults to "epoch".
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Example:
    >>> cost_against_priors([1.2, 1.1, 1.1], 1.1).alt
    'Cost over 3 epochs, from 1.2 to 1.1; the cost of predicting the priors is 1.1.'
    """
    values = canvas.series(costs)
    known = values[np.isfinite(values)]
    if not known.size:
        return canvas.nothing_to_show(name, "no cost was recorded.")
    line = canvas.series([prior_cost if prior_cost is not None else math.nan])
    told = np.isfinite(line).all()
    with canvas.drawing() as sheet:
        axes = sheet.add_subplot(xlabel=unit)
        x = np.arange(1, len(values) + 1)
        canvas.line(axes, x, values, canvas.TRAIN, dots=len(values) <= 20)
        if told:
            axes.axhline(line[0], color=canvas.DEV, linewidth=1.4, linestyle="--")
            axes.set_title(f"predicting the priors: {canvas.short(line[0])}", color=canvas.DEV)
        log = canvas.log_where_wide(axes.yaxis, values, line)
        axes.set_ylabel("cost, log scale" if log else "cost")
        canvas.limits(axes, len(values))
        if not log and known.min() >= 0 and not line[0] < 0:  # so that noise looks small
            axes.set_ylim(0, 1.12 * max(known.max(), np.nan_to_num(line[0])) or 1)
        canvas.whole_ticks(axes.xaxis)
        across = "; dashed, the cost of answering the priors, whatever the inputs" if told else ""
        priors = f"; the cost of predicting the priors is {canvas.short(line[0])}" if told else ""
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption=f"The cost of each {unit}{across}.",
            alt=f"Cost over {len(values)} {unit}{'s' * (len(values) != 1)}, from "
            f"{canvas.short(known[0])} to {canvas.short(known[-1])}{priors}.",
        )
