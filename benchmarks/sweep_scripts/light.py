"""A search that only computes: `python light.py DIRECTORY TRIALS SECONDS`, the last for each."""

import sys
import time

import keras_tuner as kt


class Valley(kt.engine.base_tuner.BaseTuner):
    """Tunes a function of two numbers."""

    def run_trial(self, trial, seconds):
        """The function, slowly."""
        x, y = (trial.hyperparameters.Float(name, -1, 1) for name in "xy")
        time.sleep(seconds)
        return (x - 0.3) ** 2 + (y + 0.2) ** 2


def main(directory: str, trials: str, seconds: str) -> None:
    space = kt.HyperParameters()
    for name in "xy":
        space.Float(name, -1, 1)
    objective = kt.Objective("default_objective", "min")
    oracle = kt.oracles.RandomSearchOracle(
        objective, max_trials=int(trials), seed=7, hyperparameters=space
    )
    tuner = Valley(oracle, directory=directory, project_name="search")
    tuner.search(seconds=float(seconds))
    print("best trial:", tuner.oracle.get_best_trials(1)[0].trial_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
