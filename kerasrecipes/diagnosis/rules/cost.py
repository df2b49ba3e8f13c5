"""The cost of a training: the signs in its course, and what they point at."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from kerasrecipes.diagnosis.cost_course import (
    AT_PRIORS,
    is_hopeless,
    is_stuck,
    last_cost,
    one_batch_fails,
    progress,
    still_falls,
)
from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import (
    LEARNED,
    fails,
    harm,
    is_finished,
    is_suspect,
    skill_of,
)
from kerasrecipes.diagnosis.rules.gradients import (
    gradients_by_depth,
    no_gradient,
    update_ratio,
    update_size,
)
from kerasrecipes.diagnosis.rules.scale import (
    STANDARDISE,
    cost_at_the_start,
    input_scale,
    target_scale,
)
from kerasrecipes.diagnosis.rules.units import dead_units, saturated_units
from kerasrecipes.diagnosis.trace import Run, Trace

DIVERGED = 3.0  # times the cost at the start, or of the priors
NOT_FALLEN = 0.02  # of the first cost
FEW_STEPS = 500
SLOW_UPDATE = 3e-4  # below it the rate comes before the epochs
RISES, SWING = 0.3, 0.1
SIGNS = (
    target_scale, dead_units, saturated_units, gradients_by_depth, no_gradient, update_size,
    cost_at_the_start,
)  # fmt: skip
Likely = tuple[str, str, dict[str, float]]  # cause, advice, and the number that points at it
LONGER = "course 2, Basic recipe for machine learning"
RATE = "course 2, Using an appropriate scale to pick hyperparameters"


def diverged(trace: Trace) -> Iterator[Finding]:
    """A cost that ran away.

    Sign: at the end it is above 3 times both the cost before the first step and that of the priors,
    and it did not fall in the last epoch; always an error unless the program learned. Mini-batches
    and warm-ups do not reach that; a large rate on cross-entropy ends at 5 to 20 times.
    Cause: inputs above 10, then targets far from 1, else the learning rate.
    What else could cause it: a penalty that is large from the start, which the cost at the start
    has too.
    """
    run = trace.run
    cost = last_cost(run) if run else None
    if run is None or cost is None or not math.isfinite(cost):
        return
    starts = [run.initial_cost, run.prior_cost, *run.batch_costs[:1]]
    known = [float(start) for start in starts if start is not None and math.isfinite(start)]
    start = max(known or run.costs[:1], default=0.0)
    falls = len(run.costs) > 1 and run.costs[-1] < run.costs[-2]
    on_its_way = not is_finished(trace) and not is_hopeless(run) and (run.epochs < 2 or falls)
    skill = skill_of(trace)
    learned = skill is not None and skill >= LEARNED
    if not start > 0 or not cost > DIVERGED * start or on_its_way or learned:
        return
    cause, advice, number = _step_too_long(trace)
    yield Finding(
        "diverged",
        cause=cause,
        severity="error",
        evidence={"cost": cost, "cost_at_start": start, "times": cost / start} | number,
        advice=advice,
        reference=RATE,
    )


def at_the_priors(trace: Trace) -> Iterator[Finding]:
    """A cost stuck at that of predicting the class priors (or the mean): the most telling sign.

    Sign: the cost came less than 5 % of the way from the priors' cost to the least there is, and
    the program fails, or stays there for half of its epochs and 200 steps. The network ignores its
    inputs then.
    Cause, the likeliest first: inputs above 10; what the targets, units, gradients and updates
    say; still falling or fewer than 500 steps: the epochs, and the rate beside them; else the rate.
    What else could cause it: targets that have nothing to do with the inputs.
    """
    run = trace.run
    reached = progress(run) if run and is_suspect(trace) else None
    if run is None or reached is None or reached >= AT_PRIORS or any(diverged(trace)):
        return
    evidence = {"cost": last_cost(run), "prior_cost": run.prior_cost, "steps": run.steps}
    for cause, advice, number in _not_learning(trace):
        yield Finding(
            "cost-at-priors",
            cause=cause,
            severity=harm(trace),
            evidence=evidence | number,
            advice=advice,
            reference=LONGER if cause == "epochs" else RATE,
        )


def not_falling(trace: Trace) -> Iterator[Finding]:
    """A cost that does not fall, where the priors' cost is not known.

    Sign: at the end it is above 98 % of what it was before the first step, in a program that fails.
    Cause: as of a cost at the priors.
    What else could cause it: a training that began at its goal.
    """
    run = trace.run
    if run is None or progress(run) is not None or not is_suspect(trace) or any(diverged(trace)):
        return
    first = run.initial_cost if run.initial_cost is not None else next(iter(run.costs), None)
    cost = last_cost(run)
    if first is None or cost is None or not 0 < (1 - NOT_FALLEN) * first <= cost < math.inf:
        return
    for cause, advice, number in _not_learning(trace):
        yield Finding(
            "cost-not-falling",
            cause=cause,
            severity=harm(trace),
            evidence={"cost": cost, "first_cost": first, "steps": run.steps} | number,
            advice=advice,
            reference=LONGER if cause == "epochs" else RATE,
        )


def too_slow(trace: Trace) -> Iterator[Finding]:
    """A training that ended while the cost still fell.

    Sign: in a finished program that did not learn well, the last quarter of the cost is below the
    one before by three standard errors and by 1 % of what is left. A warning where it fails.
    Cause: the epochs and the learning rate, the rate first where updates are below 3e-4 of the
    weights.
    What else could cause it: inputs that were not standardised; a net without the power to go on.
    """
    run = trace.run
    if run is None or is_stuck(run) or not is_finished(trace) or not is_suspect(trace):
        return
    fall = still_falls(run)
    if not fall or any(at_the_priors(trace)) or any(diverged(trace)):
        return
    for cause, advice, number in _longer(trace):
        yield Finding(
            "still-falling",
            cause=cause,
            severity=harm(trace),
            evidence={"fall_in_last_quarter": fall, "cost": last_cost(run)} | number,
            advice=advice,
            reference=LONGER if cause == "epochs" else RATE,
        )


def oscillating(trace: Trace) -> Iterator[Finding]:
    """A cost that jumps from epoch to epoch.

    Sign: of at least six epochs, three tenths of the steps from one to the next are rises, and the
    rises are a tenth of the cost above its floor, in a program that fails. The mean over an epoch
    averages the noise of mini-batches away.
    Cause: inputs above 10, else the learning rate; batches of less than 8 beside it.
    What else could cause it: epochs of very few batches.
    """
    run = trace.run
    if run is None or len(run.costs) < 6 or not is_suspect(trace) or any(diverged(trace)):
        return
    costs = np.asarray(run.costs[len(run.costs) // 3 :], dtype="float64")
    rises = np.diff(costs)[np.diff(costs) > 0]
    above = float(np.median(costs)) - (run.floor_cost or 0.0)
    share = len(rises) / (len(costs) - 1)
    if share < RISES or not above > 0 or not rises.mean() > SWING * above:
        return
    cause, advice, number = _step_too_long(trace)
    evidence = {"share_of_rises": share, "mean_rise_to_cost": float(rises.mean() / above)}
    small = trace.program.batch_size < 8
    batches = ("batch_size", "Average over more examples: batch_size=32.")
    for changed, line in ((cause, advice), *([batches] if small else [])):
        yield Finding(
            "cost-oscillates",
            cause=changed,
            severity=harm(trace),
            evidence=evidence | number | {"batch_size": trace.program.batch_size},
            advice=line,
            reference="course 2, Understanding mini-batch gradient descent",
        )


def one_batch(trace: Trace) -> Iterator[Finding]:
    """A single batch that cannot be learned by heart.

    Sign: trained on one batch alone, the cost does not come half of the way from the priors' to its
    floor, and the program fails. Every network that is wired and stepped rightly overfits a batch.
    Cause: what the other signs say; neither epochs nor data, so else the learning rate.
    What else could cause it: a batch with contradicting targets; strong dropout or penalties.
    """
    run = trace.run
    if run is None or not one_batch_fails(run) or not fails(trace):
        return
    cause, advice, number = next(_signs(trace), _lower_or_higher(trace))
    yield Finding(
        "one-batch-not-learned",
        cause=cause,
        severity=harm(trace),
        evidence={"one_batch_cost": run.one_batch_cost, "prior_cost": run.prior_cost} | number,
        advice=advice,
        reference=LONGER,
    )


def likeliest(trace: Trace) -> Likely:
    """The likeliest cause of a program that does not learn."""
    return next(_not_learning(trace))


def _not_learning(trace: Trace) -> Iterator[Likely]:
    """The two likeliest causes of a cost that does not fall."""
    found: dict[str, Likely] = {}
    for likely in _signs(trace):
        found.setdefault(likely[0], likely)
    run = trace.run or Run()
    if still_falls(run) or (is_finished(trace) and run.steps < FEW_STEPS):
        for likely in _longer(trace):
            found.setdefault(likely[0], likely)
    if not found:
        yield _lower_or_higher(trace)
    yield from list(found.values())[:2]


def _signs(trace: Trace) -> Iterator[Likely]:
    if scale := input_scale(trace):
        yield "preprocessing", STANDARDISE, {"input_scale": scale}
    for sign in SIGNS:
        for finding in sign(trace):
            numbers = {name: value for name, value in finding.evidence.items() if name != "limit"}
            yield finding.cause, finding.advice, numbers


def _longer(trace: Trace) -> Iterator[Likely]:
    """More epochs and a higher rate, the likelier first."""
    program, run = trace.program, trace.run or Run()
    ratio = update_ratio(run)
    higher = f"Try learning_rate={program.learning_rate * 10:g}."
    longer = f"Train longer: epochs={max(10, 5 * run.planned_epochs)}."
    rate: dict[str, float] = {"learning_rate": program.learning_rate}
    if ratio is not None:
        rate["update_ratio"] = ratio
    both: tuple[Likely, ...] = (
        ("epochs", longer, {"epochs": run.planned_epochs}),
        ("learning_rate", higher, rate),
    )
    yield from reversed(both) if ratio is not None and ratio < SLOW_UPDATE else both


def _step_too_long(trace: Trace) -> Likely:
    if scale := input_scale(trace):
        return "preprocessing", STANDARDISE, {"input_scale": scale}
    for finding in target_scale(trace):
        return finding.cause, finding.advice, {"target_deviation": finding.evidence["deviation"]}
    rate = trace.program.learning_rate
    return "learning_rate", f"Try learning_rate={rate / 10:g}.", {"learning_rate": rate}


def _lower_or_higher(trace: Trace) -> Likely:
    rate, ratio = trace.program.learning_rate, update_ratio(trace.run or Run())
    if ratio is None:
        advice = f"Try learning_rate={rate / 10:g} and {rate * 10:g}."
        return "learning_rate", advice, {"learning_rate": rate}
    tried = rate * 10 if ratio < 1e-3 else rate / 10
    numbers = {"learning_rate": rate, "update_ratio": ratio}
    return "learning_rate", f"Try learning_rate={tried:g}.", numbers
