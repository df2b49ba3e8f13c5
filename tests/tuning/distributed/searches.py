"""Oracles whose trials are made up, in a directory of a test."""

import json

import keras_tuner as kt

from kerasrecipes.tuning.distributed.settings import Settings

OBJECTIVE = kt.Objective("loss", "min")
SETTINGS = Settings(deadline_seconds=10.0, give_up_seconds=2.0)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def oracle_in(directory, max_trials=6, kind=kt.oracles.RandomSearchOracle, **options):
    """A fresh oracle of one number, its directory set."""
    space = kt.HyperParameters()
    space.Float("x", 0.0, 1.0)
    oracle = kind(
        objective=OBJECTIVE, max_trials=max_trials, hyperparameters=space, seed=5, **options
    )
    oracle._set_project_dir(str(directory), "search")
    oracle.verbose = 0
    return oracle


def run(oracle, tuner_id="tuner0", status="COMPLETED"):
    """Runs one trial of an oracle, as a tuner does, and returns it."""
    trial = oracle.create_trial(tuner_id)
    if status == "COMPLETED":
        oracle.update_trial(trial.trial_id, {"loss": trial.hyperparameters.values["x"]})
    trial.status = status
    oracle.end_trial(trial)
    return trial


def values(oracle):
    """The values of each trial by its id."""
    return {key: trial.hyperparameters.values for key, trial in sorted(oracle.trials.items())}


def statuses(oracle):
    """The status of each trial by its id."""
    return {key: trial.status for key, trial in sorted(oracle.trials.items())}


def saved(directory, trial_id):
    """What the file of a trial holds."""
    return json.loads((directory / f"search/trial_{trial_id}/trial.json").read_text())
