"""Searches fed by hand: a function of the values in place of a training."""

import keras_tuner

from kerasrecipes.tuning.coarse_to_fine_oracle import CoarseToFineOracle


def make_oracle(hp, directory, direction="min", **options):
    oracle = CoarseToFineOracle(
        keras_tuner.Objective("cost", direction), hyperparameters=hp,
        **{"max_trials": 20, "seed": 0, "sink": None} | options,
    )  # fmt: skip
    oracle._set_project_dir(str(directory), "search")
    oracle.verbose = 0
    return oracle


def begin(oracle, worker="worker"):
    trial = oracle.create_trial(worker)
    return None if trial.status == "STOPPED" else trial


def finish(oracle, trial, cost):
    if cost is None:
        trial.status, trial.message = "INVALID", "Traceback\nValueError: no such model\n"
    else:
        oracle.update_trial(trial.trial_id, {"cost": cost})
        trial.status = "COMPLETED"
    oracle.end_trial(trial)


def search(oracle, function, most=1000):
    """The settings tried until the oracle stops, or `most`."""
    tried = []
    while len(tried) < most and (trial := begin(oracle)) is not None:
        tried.append(dict(trial.hyperparameters.values))
        finish(oracle, trial, function(tried[-1]))
    return tried


def rate_and_units():
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 1e-5, 1.0, sampling="log")
    hp.Int("units", 8, 512, step=2, sampling="log")
    hp.Choice("kind", ["relu", "tanh", "elu"])
    return hp
