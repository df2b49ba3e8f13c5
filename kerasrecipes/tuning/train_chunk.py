"""One group of candidates trained together, with members that end before the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras_tuner
import numpy as np

from kerasrecipes.stacked import Member, StackedProgram, Together
from kerasrecipes.tuning.candidates import Candidate
from kerasrecipes.tuning.member_callbacks import MemberCallbacks


def train_chunk(
    chunk: Sequence[Candidate],
    program: StackedProgram,
    objective: Any,
    *,
    halving: int | None = None,
    seed: int = 0,
) -> list[Member]:
    """Trains candidates of one structure, each to its end.

    Args:
        chunk: Of one key, as many as the program has members, or less.
        program: For their structure.
        objective: A keras-tuner objective. The weights of the best epoch by it are kept.
        halving: Integer >= 2, or None: after `epochs / halving ** k` epochs, for each `k` from the
            largest down to 1, only the best `1 / halving` of the members go on.
        seed: Of the orders of the examples.

    Returns:
        What became of each.

    Raises:
        ValueError: If the objective is not in the logs.
    """
    data = chunk[0].data
    run = Together(
        program,
        [candidate.model for candidate in chunk],
        data,
        objective=lambda logs: objective_value(objective, logs),
        is_better=objective.better_than,
        seed=seed,
    )
    callbacks = [MemberCallbacks(each.callbacks, each.model, data.epochs) for each in chunk]
    rungs = rungs_of(data.epochs - data.initial_epoch, halving)
    for epoch in run.epochs():
        stopped = [
            number
            for number in run.running
            if callbacks[number].stops_after(epoch, run.logs(number))
        ]
        run.drop(stopped, epoch)
        if epoch - data.initial_epoch + 1 in rungs and halving:
            worst = _worst(run, objective, math.ceil(len(run.running) / halving))
            run.drop(worst, epoch)
        run.shrink()
    return run.members


def objective_value(objective: Any, logs: dict[str, float]) -> float:
    """The value of a keras-tuner objective in the logs of an epoch.

    Raises:
        ValueError: If it is not there; the message names what is.
    """
    if not objective.has_value(logs):
        raise keras_tuner.errors.FatalValueError(
            "`objective` must be among what the training logs. Received: "
            f"objective={objective.name!r}; logged: {', '.join(sorted(logs))}. Name one of these, "
            "pass `validation_data` for the `val_` ones, or add a metric to `compile`."
        )
    return float(objective.get_value(logs))


def rungs_of(epochs: int, halving: int | None) -> list[int]:
    """After how many epochs members are dropped: successive halving's rungs.

    Example:
        >>> rungs_of(27, 3), rungs_of(10, 2), rungs_of(10, None)
        ([1, 3, 9], [1, 2, 5], [])

    Source: Jamieson and Talwalkar, AISTATS 2016.
    """
    if halving is None:
        return []
    powers = range(1, int(math.log(max(epochs, 1), halving) + 1e-9) + 1)
    found = {epochs // halving**power for power in powers}
    return sorted(each for each in found if 1 <= each < epochs)


def _worst(run: Together, objective: Any, kept: int) -> list[int]:
    sign = 1.0 if objective.direction == "min" else -1.0

    def rank(number: int) -> float:
        best = run.best[number]
        return math.inf if best is None or not np.isfinite(best) else sign * best

    return sorted(run.running, key=rank)[kept:]
