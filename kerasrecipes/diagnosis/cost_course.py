"""How the cost of a training went: how far it came, and whether it still falls."""

from __future__ import annotations

import math

import numpy as np

from kerasrecipes.diagnosis.trace import Run

AT_PRIORS = 0.05  # of the way from the priors' cost to the floor: no more than noise and luck give
SURE_STEPS = 200  # a plateau that is shorter may be a start
SOME_STEPS = 100  # enough to overfit one batch
NOT_OVERFIT = 0.5  # of the way from the priors' cost to the floor
FAR_BEYOND = 100.0  # times the priors' cost: no noise or warm-up goes there


def last_cost(run: Run) -> float | None:
    """The cost at the end: the median of the last tenth of the epochs, else of the batches.

    Example:
        >>> last_cost(Run(costs=(3.0, 2.0, 1.0)))
        1.0
    """
    for costs in (run.costs, run.batch_costs):
        if len(costs):
            return float(np.median(costs[-max(1, len(costs) // 10) :]))
    return None


def progress(run: Run) -> float | None:
    """How far the cost came: 0 is predicting the priors, 1 the least cost there is.

    Returns:
        `(prior - cost) / (prior - floor)`, or None where one of them is unknown.

    Example:
        >>> progress(Run(costs=(0.6,), prior_cost=0.8, floor_cost=0.0))
        0.25
    """
    cost, prior = last_cost(run), run.prior_cost
    floor = run.floor_cost if run.floor_cost is not None else 0.0
    if cost is None or not math.isfinite(cost) or prior is None or not prior > floor:
        return None
    return round((prior - cost) / (prior - floor), 9)


def still_falls(run: Run) -> float:
    """The share of what is left that the cost fell in its last quarter; 0 where that is unsure.

    The last quarter is compared with the one before. Sure is a fall of three standard errors,
    which the noise of mini-batches does not reach; below 1 % it is not worth a longer training. The
    noise is read off second differences, which a steady fall leaves at 0.

    Example:
        >>> round(still_falls(Run(costs=tuple(10 - np.arange(8.0)))), 2)
        0.36
        >>> still_falls(Run(costs=(1.0, 0.9) * 20))
        0.0
    """
    series = run.costs if len(run.costs) >= 8 or len(run.batch_costs) < 20 else run.batch_costs
    quarter = len(series) // 4
    if quarter < 2:
        return 0.0
    after = np.asarray(series[-quarter:], dtype="float64")
    before = np.asarray(series[-2 * quarter : -quarter], dtype="float64")
    fall = before.mean() - after.mean()
    left = before.mean() - (run.floor_cost or 0.0)
    bends = np.diff(np.r_[before, after], 2)  # of independent noise, 6 times its variance
    doubt = math.sqrt(np.mean(bends**2) / 6 * 2 / quarter)
    sure = np.isfinite(fall) and left > 0 and fall > 3 * doubt and fall > 0.01 * left
    return float(fall / left) if sure else 0.0


def is_stuck(run: Run) -> bool:
    """Whether the cost stays at that of the priors, after steps and epochs enough to tell."""
    reached = progress(run)
    long = run.steps >= SURE_STEPS and run.epochs >= max(2, 0.5 * run.planned_epochs)
    return reached is not None and reached < AT_PRIORS and long and not still_falls(run)


def one_batch_fails(run: Run) -> bool:
    """Whether one batch alone was trained on, and was not learned by heart.

    Example:
        >>> one_batch_fails(Run(one_batch_cost=0.6, prior_cost=0.7)), one_batch_fails(Run())
        (True, False)
    """
    if run.one_batch_cost is None or run.prior_cost is None:
        return False
    half = run.prior_cost - NOT_OVERFIT * (run.prior_cost - (run.floor_cost or 0.0))
    return not run.one_batch_cost < half


def is_hopeless(run: Run) -> bool:
    """Whether a run that is not finished has shown enough: more of the same will not learn.

    Its numbers are no longer finite; or its cost is above 100 times that of the priors; or, after
    100 steps, it is still at the priors and one batch alone cannot be learned by heart either.

    Example:
        >>> from dataclasses import replace
        >>> seen = Run(costs=(0.7,), prior_cost=0.7, floor_cost=0.0, steps=150)
        >>> is_hopeless(seen), is_hopeless(replace(seen, one_batch_cost=0.69))
        (False, True)
    """
    cost, reached = last_cost(run), progress(run)
    if run.not_finite is not None:
        return True
    if run.steps < SOME_STEPS or cost is None or reached is None:
        return False
    far = run.prior_cost is not None and 0 < FAR_BEYOND * run.prior_cost < cost
    return far or (reached < AT_PRIORS and one_batch_fails(run))
