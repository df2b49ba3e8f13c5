"""A training of a copy, as the user planned it, and what was seen of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops, tree

from kerasrecipes import backend
from kerasrecipes.diagnosis.bench import Bench, as_tensors
from kerasrecipes.diagnosis.case import Case, sampled
from kerasrecipes.diagnosis.collect import floor_cost, prior_cost, skill
from kerasrecipes.diagnosis.layer_outputs import first_not_finite, unit_states
from kerasrecipes.diagnosis.learning import LEARNED
from kerasrecipes.diagnosis.trace import Run, TargetFacts
from kerasrecipes.gradients.gradient_tap import GradientTap

KEPT_COSTS = 2000
ONE_BATCH_STEPS = 300
LEAST_STEPS = 200  # fewer tell nothing of a training
MOST_STRETCHED = 30.0  # times the learning rate, for the steps that were not made


def probe(
    case: Case, bench: Bench, tap: GradientTap, targets: TargetFacts | None, seconds: float
) -> Run:
    """Trains the bench's copy for the program's own epochs, as far as the time allows.

    Args:
        case: The program and its data.
        bench: Of the unchanged copy, at its start; where it is left does not matter.
        tap: On the copy's optimizer.
        targets: Facts on the targets; None where they are unknown.
        seconds: For the training itself; up to three times as long where 200 steps take longer.

    Returns:
        The `Run`. With a cost that is not finite it ends there, and says where that arose. Of a
        program that does not learn, one batch alone is trained on besides, for as many steps as the
        training had, at most 300.
    """
    x, y = case.train
    few_x, few = sampled(x, (y,) if case.weights is None else (y, case.weights), 256)
    initial = cost_of(bench.copy, few_x, *few)
    before = skill(bench.copy, case.train, case.dev, targets)
    bench.warm_up()
    costs = bench.train(case.steps, seconds, at_least=LEAST_STEPS)
    seen = tap.read()
    after = skill(bench.copy, case.train, case.dev, targets)
    broken = _not_finite(case, bench, costs) if not np.isfinite(costs).all() else None
    units = {} if broken else unit_states(bench.copy, as_tensors(few_x))
    fails = after is not None and not after.train >= LEARNED
    stretch = 1.0 if case.program.scheduled else case.steps / len(costs)
    return Run(
        costs=_by_epoch(costs, case.steps_per_epoch),
        batch_costs=costs[:: max(1, len(costs) // KEPT_COSTS)],
        initial_cost=initial,
        prior_cost=prior_cost(case.program, targets, y) if case.weights is None else None,
        floor_cost=floor_cost(case.program, targets, y) if case.weights is None else None,
        epochs=len(costs) // case.steps_per_epoch,
        planned_epochs=case.program.epochs,
        steps=len(costs),
        is_probe=True,
        skill_before=before,
        skill=after,
        gradient_norms=seen.gradient_norms,
        update_ratios=seen.update_ratios,
        looks=seen.looks,
        not_finite=broken,
        units=units,
        one_batch_cost=one_batch_cost(bench, len(costs), stretch, seconds)
        if fails and not broken
        else None,
    )


def cost_of(model: Any, x: Any, y: Any, weights: Any = None) -> float:
    """The cost in inference mode, penalties included; NaN where it is not finite."""
    x, y = as_tensors(x), as_tensors(y)
    weights = None if weights is None else as_tensors(weights)
    with backend.on_one_device():
        cost = model.compute_loss(
            x=x, y=y, y_pred=model(x, training=False), sample_weight=weights, training=False
        )
    return float(ops.convert_to_numpy(cost))


def one_batch_cost(bench: Bench, steps: int, stretch: float, seconds: float) -> float:
    """What a training on the first batch alone reaches: the mean of the last tenth of costs.

    Args:
        bench: Of the unchanged copy.
        steps: As the training had.
        stretch: Planned steps over those that were made. Above 1 it is trained a second time with
            a learning rate so many times higher, at most 30: small steps go as far in more of them,
            and the better of both counts.
        seconds: For each.
    """
    reached = []
    for factor in {1.0, min(stretch, MOST_STRETCHED)}:
        bench.reset()
        if factor != 1:
            rate = ops.convert_to_numpy(bench.copy.optimizer.learning_rate)
            bench.copy.optimizer.learning_rate = float(rate) * factor
        costs = bench.train(max(1, min(steps, ONE_BATCH_STEPS)), seconds, one_batch=True)
        reached.append(float(np.mean(costs[-max(1, len(costs) // 10) :])))
    finite = [cost for cost in reached if np.isfinite(cost)]
    return min(finite, default=np.inf)


def _by_epoch(costs: np.ndarray, steps: int) -> tuple[float, ...]:
    ends = range(0, len(costs), steps)
    return tuple(float(np.mean(costs[start : start + steps])) for start in ends)


def _not_finite(case: Case, bench: Bench, costs: np.ndarray) -> tuple[int, str]:
    """The first step whose cost was not finite, and the first layer that gave such an output.

    The training is repeated up to that step, so that its weights are those that did it.
    """
    step = int(np.argmin(np.isfinite(costs)))
    bench.reset()
    bench.train(step)
    rows = bench.rows_of_step(step)
    inputs = tree.map_structure(lambda array: ops.take(array, rows, axis=0), bench.x)
    if any(
        not np.isfinite(ops.convert_to_numpy(ops.cast(array, "float32"))).all()
        for array in tree.flatten(inputs)
    ):
        return step, "x"
    return step, first_not_finite(bench.copy, inputs) or "loss"
