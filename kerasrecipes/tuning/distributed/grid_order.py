"""The order of a grid search, which keras-tuner does not save."""

from __future__ import annotations

import functools

from keras_tuner import Oracle
from keras_tuner.oracles import GridSearchOracle


def restore_grid_order(oracle: Oracle) -> None:
    """Puts the trials of a reloaded grid search in the order of the grid; others are left alone.

    A `GridSearchOracle` finds its next point from its trials in their order, which it does not
    save: reloaded, it would stop after the trials that had begun.

    Args:
        oracle: Any oracle, its trials and space loaded.
    """
    if not isinstance(oracle, GridSearchOracle):
        return
    trials = oracle.trials

    def compare(first: str, second: str) -> int:
        order: int = oracle._compare(*(trials[i].hyperparameters.values for i in (first, second)))
        return order

    ids = sorted(trials, key=functools.cmp_to_key(compare))
    oracle._ordered_ids = type(oracle._ordered_ids)()
    previous = None
    for trial_id in ids:
        oracle._ordered_ids.insert(trial_id, previous)
        previous = trial_id
    oracle._populate_next = ids
