"""What came of trials that were trained together: best member, metrics, and a line in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasrecipes.stacked import Member
from kerasrecipes.tuning.train_chunk import objective_value


def best_member(executions: Sequence[Member], objective: Any) -> Member:
    """The execution of a trial whose best epoch has the best objective."""
    return executions[_best([_objective(member, objective) for member in executions], objective)]


def mean_metrics(executions: Sequence[Member], objective: Any) -> dict[str, float]:
    """The logs of the best epochs, averaged over the executions of a trial."""
    logs = [_logs(member) for member in executions]
    metrics = {name: float(np.mean([each[name] for each in logs])) for name in logs[0]}
    return metrics | {objective.name: objective_value(objective, metrics)}


def outcome_in_words(
    trials: Sequence[Any],
    members: Sequence[Member],
    objective: Any,
    seconds: float,
    several_executions: bool,
) -> str:
    """One line: how many trials, how long, the best, who ended early and whose cost broke down.

    Args:
        trials: Of each member its trial; a trial with several executions comes several times.
        members: As they were trained.
        objective: Of the oracle.
        seconds: Of the training.
        several_executions: Whether a trial has more than one, so that models are counted too.
    """
    pairs = list(zip(trials, members, strict=True))
    how = "trained together" if len(pairs) > 1 else "trained"
    line = f"{trials_in_words(trials, len(pairs) * several_executions)} {how}: {seconds:.1f} s"
    if alive := [pair for pair in pairs if pair[1].best_epoch is not None]:
        values = [_objective(member, objective) for _, member in alive]
        at = _best(values, objective)
        line += f", best {objective.name} {values[at]:.4g} (trial {alive[at][0].trial_id})"
    dropped = sum(member.dropped_after_epoch is not None for member in members)
    line += f", {dropped} ended early" if dropped else ""
    dead = [
        f"{trial.trial_id} (epoch {member.died_in_epoch})"
        for trial, member in pairs
        if member.died_in_epoch is not None
    ]
    line += f"; no finite cost any more: {', '.join(dead)}" if dead else ""
    return line + "."


def trials_in_words(trials: Sequence[Any], models: int = 0) -> str:
    """By their ids; with the number of models where a trial has several."""
    ids = list(dict.fromkeys(trial.trial_id for trial in trials))
    name = f"trial {ids[0]}" if len(ids) == 1 else f"{len(ids)} trials ({ids[0]} … {ids[-1]})"
    return f"{models} models of {name}" if models else name[0].upper() + name[1:]


def _best(values: Sequence[float], objective: Any) -> int:
    pick = np.argmin if objective.direction == "min" else np.argmax
    return int(pick(values))


def _objective(member: Member, objective: Any) -> float:
    return objective_value(objective, _logs(member))


def _logs(member: Member) -> dict[str, float]:
    """The logs of the member's best epoch."""
    epoch = member.best_epoch
    if epoch is None:
        raise ValueError("A member without a finite cost has no best epoch.")
    return {name: values[epoch] for name, values in member.history.items()}
