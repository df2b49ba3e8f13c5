"""A tuner that only computes, as a script would make it."""

import keras_tuner as kt


class Valley(kt.engine.base_tuner.BaseTuner):
    """The square of a number; `on` is called with each trial before it is measured."""

    def run_trial(self, trial, on=None):
        if on is not None:
            on(trial)
        return (trial.hyperparameters.Float("x", 0, 1) - 0.3) ** 2


def valley(directory, max_trials=4, **options):
    space = kt.HyperParameters()
    space.Float("x", 0, 1)
    oracle = kt.oracles.RandomSearchOracle(
        kt.Objective("default_objective", "min"),
        max_trials=max_trials,
        hyperparameters=space,
        seed=3,
    )
    tuner = Valley(oracle, directory=str(directory), project_name="search", **options)
    tuner.oracle.verbose = 0
    return tuner
