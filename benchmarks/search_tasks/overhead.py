"""What proposing and recording a trial costs, apart from the training."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from search_tasks.methods import ORACLES, OURS, SAMPLERS, end, hyperband, random_search, suggest
from search_tasks.task import Task

AT = (25, 50, 100, 200)
AVERAGED = {"BayesianOptimization": 2, "Optuna GP": 5}  # trials; of the others 20


class Overhead(NamedTuple):
    """Milliseconds per trial: by the clock, of CPU time, and the part of `populate_space` in it."""

    clock: float
    cpu: float
    proposing: float


def overheads(method: str, task: Task) -> dict[int, Overhead]:
    """The overhead at each number of trials, keras-tuner's files written to a real directory."""
    with tempfile.TemporaryDirectory() as directory:
        if method in SAMPLERS:
            return _measured(_OptunaStep(method, task), AVERAGED.get(method, 20))
        with whole_files() if method == OURS else contextlib.nullcontext():
            return _measured(_OracleStep(method, task, directory), AVERAGED.get(method, 20))


@contextlib.contextmanager
def whole_files() -> Iterator[None]:
    """As in our tuners, which flush each file to the disk and rename it into its place."""
    from kerasrecipes.tuning.distributed import install, uninstall

    install()
    try:
        yield
    finally:
        uninstall()


def _measured(step: Any, averaged: int) -> dict[int, Overhead]:
    found, done = {}, 0
    for at in AT:
        while done < at - averaged:
            step(fast=True)
            done += 1
        step.proposing, clock, cpu = 0.0, time.perf_counter(), time.process_time()
        for _ in range(averaged):
            step(fast=False)
        done += averaged
        spent = (time.perf_counter() - clock, time.process_time() - cpu, step.proposing)
        found[at] = Overhead(*(1e3 * seconds / averaged for seconds in spent))
    return found


class _OracleStep:
    """A whole trial of an oracle; a fast one of a slow oracle takes a random setting."""

    def __init__(self, method: str, task: Task, directory: str) -> None:
        make = ORACLES.get(method) or (lambda task, seed, _: hyperband(task, seed))
        self.oracle = make(task, 0, 1000)
        self.oracle._set_project_dir(directory, "search")
        self.oracle.verbose = 0
        self.random = random_search(task, 0, 1000) if method in AVERAGED else None
        self.truth, self.proposing = task.make(0).truth, 0.0
        self.populate = self.oracle.populate_space

    def __call__(self, fast: bool) -> None:
        self.oracle.populate_space = self._random if fast and self.random else self._timed
        trial = self.oracle.create_trial("worker")
        values = trial.hyperparameters.values
        own = {k: v for k, v in values.items() if not k.startswith("tuner/")}
        end(self.oracle, trial, self.truth(own, 1.0))

    def _random(self, trial_id: str) -> Any:
        return self.random.populate_space(trial_id)

    def _timed(self, trial_id: str) -> Any:
        started = time.perf_counter()
        try:
            return self.populate(trial_id)
        finally:
            self.proposing += time.perf_counter() - started


class _OptunaStep:
    """A whole trial of a study in memory, Optuna's default."""

    def __init__(self, method: str, task: Task) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.sampler = SAMPLERS[method](0)
        self.random = optuna.samplers.RandomSampler(0) if method in AVERAGED else self.sampler
        self.study = optuna.create_study(sampler=self.sampler)
        self.task, self.truth, self.proposing = task, task.make(0).truth, 0.0

    def __call__(self, fast: bool) -> None:
        self.study.sampler = self.random if fast else self.sampler
        started = time.perf_counter()
        trial = self.study.ask()
        values = suggest(self.task, trial)
        self.proposing += time.perf_counter() - started
        self.study.tell(trial, self.truth(values, 1.0))
