"""One search of each library on one task: the cost of its best setting after each trial.

After each trial counts the setting with the best score, by its cost without noise. Each library has
the space in its own best form; Optuna gets powers of two and ordered values as integers.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import keras_tuner
import numpy as np

from search_tasks.exact_gradient import exact_gradient
from search_tasks.task import Parameter, Task

OBJECTIVE = keras_tuner.Objective("cost", "min")
HYPERBAND_EPOCHS = 9  # so its trainings stop after a ninth, a third, or go to the end


def run(method: str, task: Task, seed: int, budget: int) -> np.ndarray:
    """Costs `(budget,)` of the best setting after each trial."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if method == "Hyperband":
            return _hyperband(task, seed, budget)
        if method in SAMPLERS:
            return _optuna(SAMPLERS[method], task, seed, budget)
        oracle = in_memory(ORACLES[method](task, seed, budget))
        if method == "BayesianOptimization":
            with exact_gradient(oracle):
                return _keras_tuner(oracle, task, seed, budget)
        return _keras_tuner(oracle, task, seed, budget)


def is_at_hand(method: str) -> bool:
    """Whether what the method needs is installed."""
    needs = {"Optuna TPE": ["optuna"], "Optuna GP": ["optuna", "torch"]}.get(method, [])
    return all(find_spec(name) is not None for name in needs)


def coarse_to_fine(task: Task, seed: int, budget: int) -> keras_tuner.Oracle:
    from kerasrecipes.tuning import CoarseToFineOracle

    hp = task.hyperparameters()
    return CoarseToFineOracle(OBJECTIVE, budget, seed=seed, hyperparameters=hp, sink=None)


def random_search(task: Task, seed: int, budget: int) -> keras_tuner.Oracle:
    return keras_tuner.oracles.RandomSearchOracle(
        OBJECTIVE, budget, seed=seed + 1, hyperparameters=task.hyperparameters()
    )


def bayesian(task: Task, seed: int, budget: int) -> keras_tuner.Oracle:
    return keras_tuner.oracles.BayesianOptimizationOracle(
        OBJECTIVE, budget, seed=seed + 1, hyperparameters=task.hyperparameters()
    )


def hyperband(task: Task, seed: int) -> keras_tuner.Oracle:
    return keras_tuner.oracles.HyperbandOracle(
        OBJECTIVE, max_epochs=HYPERBAND_EPOCHS, hyperband_iterations=1000, seed=seed + 1,
        hyperparameters=task.hyperparameters(),
    )  # fmt: skip


def tpe(seed: int) -> Any:
    import optuna

    return optuna.samplers.TPESampler(seed=seed)


def gaussian_process(seed: int) -> Any:
    import optuna
    import torch

    torch.set_num_threads(1)
    return optuna.samplers.GPSampler(seed=seed, warn_independent_sampling=False)


OURS = "CoarseToFine"
ORACLES: dict[str, Callable[[Task, int, int], keras_tuner.Oracle]] = {
    OURS: coarse_to_fine,
    "RandomSearch": random_search,
    "BayesianOptimization": bayesian,
}
SAMPLERS = {"Optuna TPE": tpe, "Optuna GP": gaussian_process}
METHODS = (*ORACLES, "Hyperband", *SAMPLERS)


def _keras_tuner(oracle: Any, task: Task, seed: int, budget: int) -> np.ndarray:
    instance, rng = task.make(seed), np.random.default_rng([seed, 1])
    best, costs = math.inf, []
    for _ in range(budget):
        trial = oracle.create_trial("worker")
        if trial.status != "RUNNING":
            break
        values = trial.hyperparameters.values
        score = instance.score(values, 1.0, rng)
        end(oracle, trial, score)
        if score < best:
            best, cost = score, instance.truth(values, 1.0)
        costs.append(cost)
    return _to_the_end(costs, budget)


def _hyperband(task: Task, seed: int, budget: int) -> np.ndarray:
    """A training that stops early, or goes on from another trial's, counts by its share."""
    oracle = in_memory(hyperband(task, seed))
    instance, rng = task.make(seed), np.random.default_rng([seed, 1])
    spent, best, cost, costs = 0.0, (1.0, math.inf), math.nan, []
    while len(costs) < budget:
        trial = oracle.create_trial("worker")
        if trial.status != "RUNNING":
            break
        values = trial.hyperparameters.values
        epochs = values["tuner/epochs"]
        own = {k: v for k, v in values.items() if not k.startswith("tuner/")}
        spent += (epochs - values["tuner/initial_epoch"]) / HYPERBAND_EPOCHS
        costs += [cost] * min(math.ceil(spent - 1e-9) - 1 - len(costs), budget - len(costs))
        score = instance.score(own, epochs / HYPERBAND_EPOCHS, rng)
        end(oracle, trial, score)
        standing = (-epochs, score)  # the best of those trained longest
        if standing < best:
            best, cost = standing, instance.truth(own, 1.0)
    return _to_the_end(costs, budget)


def _optuna(make: Callable[[int], Any], task: Task, seed: int, budget: int) -> np.ndarray:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=make(seed))
    instance, rng = task.make(seed), np.random.default_rng([seed, 1])
    best, costs = math.inf, []
    for _ in range(budget):
        trial = study.ask()
        values = suggest(task, trial)
        score = instance.score(values, 1.0, rng)
        study.tell(trial, score)
        if score < best:
            best, cost = score, instance.truth(values, 1.0)
        costs.append(cost)
    return np.array(costs)


def suggest(task: Task, trial: Any) -> dict[str, Any]:
    """A setting from Optuna's trial."""
    values: dict[str, Any] = {}
    for parameter in task.parameters:
        parent = parameter.parent
        if parent is None or values.get(parent[0]) in parent[1]:
            values[parameter.name] = _suggest_one(parameter, trial)
    return values


def _suggest_one(parameter: Parameter, trial: Any) -> Any:
    name, kind, values, _ = parameter
    if kind == "choice":
        return trial.suggest_categorical(name, list(values))
    if kind == "ordered":
        return values[trial.suggest_int(name, 0, len(values) - 1)]
    if kind == "int":
        return trial.suggest_int(name, *values)
    if kind == "power":
        return 2 ** trial.suggest_int(name, *(round(math.log2(end)) for end in values))
    return trial.suggest_float(name, *values, log=kind == "log")


def in_memory(oracle: keras_tuner.Oracle) -> keras_tuner.Oracle:
    """The oracle without its files: they do not change what it tries."""
    oracle.verbose = 0
    oracle.save = oracle._save_trial = lambda *_: None
    return oracle


def end(oracle: keras_tuner.Oracle, trial: Any, score: float) -> None:
    oracle.update_trial(trial.trial_id, {"cost": score})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)


def _to_the_end(costs: list[float], budget: int) -> np.ndarray:
    """A space that is exhausted before stays at its best."""
    return np.array((costs + costs[-1:] * (budget - len(costs)))[:budget])
