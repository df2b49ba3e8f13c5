"""Benches of changed copies, one for each structure, so that each is compiled once."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from kerasrecipes.diagnosis.bench import Bench, as_tensors
from kerasrecipes.diagnosis.case import Case, sampled
from kerasrecipes.diagnosis.collect import skill
from kerasrecipes.diagnosis.model_copy import compile_as, copy_weights, model_copy, optimizer_copy
from kerasrecipes.diagnosis.own_time import own_time
from kerasrecipes.diagnosis.trace import Skill
from kerasrecipes.diagnosis.trials.rebuilt import fitting_kernels, rebuilt
from kerasrecipes.diagnosis.trials.setup import Setup

WORST = Skill(train=-1.0)


class CannotTrainError(ValueError):
    """The program itself raises in training; the message is what it said."""


class Benches:
    """Trains a program with settings changed.

    Args:
        case: The program and its data.
        own: The bench of the unchanged copy.
    """

    def __init__(self, case: Case, own: Bench) -> None:
        self.case = case
        self.step_seconds = own.step_seconds  # in the probe
        self._benches = {Setup(): own}
        self._compile_seconds = 1.0

    def is_ready(self, setup: Setup) -> bool:
        """Whether nothing need be compiled for it."""
        return self._key(setup) in self._benches

    def compile_seconds(self, setup: Setup) -> float:
        """About how long it takes to be ready, and to predict."""
        return 0.2 if self.is_ready(setup) else self._compile_seconds

    def run(self, setup: Setup, steps: int, seconds: float) -> tuple[Skill, float]:
        """Trains with one setup from the start.

        Args:
            setup: What differs.
            steps: Of the program itself; the setup may ask for more, or for other batches.
            seconds: For the training.

        Returns:
            Skill, and the mean of the last tenth of batch costs; the worst skill and NaN where a
            changed program cannot be built, or raises.

        Raises:
            CannotTrainError: If the program itself raises.
        """
        try:
            return self._run(setup, steps, seconds)
        except Exception as error:
            if setup == Setup():
                raise CannotTrainError(" ".join(str(error).split())[:200]) from error
            return WORST, float("nan")

    def _run(self, setup: Setup, steps: int, seconds: float) -> tuple[Skill, float]:
        begins, is_new = own_time(), not self.is_ready(setup)
        bench = self._bench(setup)
        if is_new:
            bench.warm_up()
        bench.reset()
        self._begin(bench, setup)
        x, y = self._data(setup, self.case.train)
        bench.set_data(x, y)
        batch = self.case.program.batch_size
        steps = int(steps * setup.passes * batch / (setup.batch_size or batch))
        trains = own_time()
        costs = bench.train(max(1, steps), seconds)
        trained = own_time() - trains
        cost = float(np.mean(costs[-max(1, len(costs) // 10) :]))
        dev = None if self.case.dev is None else self._data(setup, self.case.dev)
        found = skill(bench.copy, (x, y), dev) if np.isfinite(cost) else WORST
        if is_new:
            self._compile_seconds = own_time() - begins - trained
        return found or WORST, cost

    def model_of(self, setup: Setup) -> keras.Model:
        """The copy of this setup, as its last training left it."""
        copy = self._bench(setup).copy
        vars(copy).pop("predict_on_batch", None)  # the bench's own
        return copy

    def _bench(self, setup: Setup) -> Bench:
        key = self._key(setup)
        if key not in self._benches:
            case = self.case
            copy = rebuilt(case.model, setup, as_tensors(sampled(*case.train, 2)[0]))
            compile_as(copy, case.model, optimizer=self._optimizer(setup), loss=setup.loss or None)
            x, y = self._data(setup, case.train)
            self._benches[key] = Bench(
                copy,
                x,
                y,
                batch_size=setup.batch_size or case.program.batch_size,
                shuffle=case.program.shuffle,
                seed=case.seed,
                weights=case.weights,
            )
        return self._benches[key]

    def _key(self, setup: Setup) -> Setup:
        key = setup.structure
        return key.joined(Setup(rate=setup.rate)) if self.case.program.scheduled else key

    def _optimizer(self, setup: Setup) -> keras.optimizers.Optimizer | None:
        if setup.optimizer:
            return keras.optimizers.get(setup.optimizer)
        if not (self.case.program.scheduled and setup.rate != 1):
            return None
        optimizer = self.case.model.optimizer
        schedule = dict(optimizer.get_config()["learning_rate"])
        config = dict(schedule["config"])
        config["initial_learning_rate"] *= setup.rate
        return optimizer_copy(optimizer, learning_rate={**schedule, "config": config})

    def _begin(self, bench: Bench, setup: Setup) -> None:
        """Sets what needs no compiling."""
        if setup.rate != 1 and not self.case.program.scheduled:
            rate = float(keras.ops.convert_to_numpy(bench.copy.optimizer.learning_rate))
            bench.copy.optimizer.learning_rate = rate * setup.rate
        bench.shuffle = setup.shuffled or self.case.program.shuffle
        if setup.weights == "fitting":
            fitting_kernels(bench.copy, self.case.seed)
        elif setup.weights == "redrawn":
            fresh = model_copy(
                bench.copy, lambda layer: type(layer).from_config(layer.get_config())
            )
            copy_weights(fresh, bench.copy)

    def _data(self, setup: Setup, data: tuple[Any, Any]) -> tuple[Any, Any]:
        x, y = data
        if setup.standardized:
            x = _standardized(x, self.case.train[0])
        if setup.scaled_targets:
            y = _standardized(y, self.case.train[1])
        if setup.loss.startswith("sparse") or setup.counted:
            y = np.unique(np.asarray(self.case.train[1])).searchsorted(y)
        return x, y


def _standardized(x: Any, train: Any) -> Any:
    """Features of mean 0 and deviation 1 on train; of maps and sequences each channel."""

    def of(array: np.ndarray, fitted: np.ndarray) -> np.ndarray:
        axes = tuple(range(max(1, array.ndim - 1)))
        fitted = fitted.astype("float64")
        mean, deviation = fitted.mean(axis=axes), fitted.std(axis=axes)
        return ((array - mean) / np.where(deviation > 0, deviation, 1)).astype("float32")

    return keras.tree.map_structure(of, x, train)
