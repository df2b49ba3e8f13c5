"""Searches made up by hand: an oracle whose trials are scored by a function, nothing trained."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras_tuner
import numpy as np
from keras_tuner.engine.trial import Trial


class Round(NamedTuple):
    """A round of a coarse-to-fine search, by its attributes alone."""

    number: int
    first_trial: int
    boxes: tuple[dict, ...] = ()


def floats(count: int) -> keras_tuner.HyperParameters:
    """A space of `count` numbers from 0 to 1, named x0, x1, ..."""
    space = keras_tuner.HyperParameters()
    for index in range(count):
        space.Float(f"x{index}", 0.0, 1.0)
    return space


def searched(
    space: keras_tuner.HyperParameters,
    function: Callable[[dict], float],
    trials: int,
    *,
    seed: int = 0,
    objective: Any = "val_loss",
    rounds: Sequence[Round] = (),
) -> keras_tuner.Oracle:
    """An oracle after `trials` random trials, each scored by `function(values)`."""
    oracle = keras_tuner.oracles.RandomSearchOracle(objective, trials, hyperparameters=space)
    rng = np.random.default_rng(seed)
    for _ in range(trials):
        values: dict[str, Any] = {}
        for parameter in space.space:
            if all(condition.is_active(values) for condition in parameter.conditions):
                values[parameter.name] = parameter.prob_to_value(float(rng.random()))
        add_trial(oracle, values, function(values))
    if rounds:
        oracle.rounds = tuple(rounds)
    return oracle


def add_trial(oracle, values, score, status="COMPLETED"):
    """Adds one ended trial."""
    hyperparameters = oracle.get_space()
    hyperparameters.values = dict(values)
    trial = Trial(hyperparameters, trial_id=f"{len(oracle.trials):04d}", status=status)
    trial.score = score
    oracle.trials[trial.trial_id] = trial
    oracle.start_order.append(trial.trial_id)
    oracle.end_order.append(trial.trial_id)
    return trial
