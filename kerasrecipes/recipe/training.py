"""Training of one network of the recipe, measured the same way every time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from kerasrecipes import devices
from kerasrecipes.callbacks import (
    CostMonitor,
    EarlyStopping,
    LearningRateDecay,
    LearningRateFinder,
    Resume,
)
from kerasrecipes.diagnosis import ErrorEstimate, measure_error
from kerasrecipes.recipe.limits import Limits
from kerasrecipes.recipe.problem import Pair, Problem
from kerasrecipes.recipe.settings import Settings
from kerasrecipes.schedules import ExponentialDecay

FALLBACK_RATES = {"momentum": 0.01, "adam": 0.001}
FINDER_STEPS = 100
LARGEST_RATES = {"momentum": 0.5, "adam": 0.01}
FINAL_RATE = 0.03  # share of the first rate that the decay leaves at the last epoch
MOST_MEASURED = 10_000  # examples of either set that an error is measured on


@dataclass
class Trained:
    """A trained network and what was measured of it."""

    model: keras.Model
    train_error: ErrorEstimate
    dev_error: ErrorEstimate
    dev_cost: float
    learning_rate: float
    curves: dict[str, list[float]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    best_epoch: int = 0

    @property
    def epochs(self) -> int:
        """Epochs trained."""
        return len(self.curves.get("train_cost", ()))


def compile_network(network: keras.Model, settings: Settings, problem: Problem) -> keras.Model:
    """Compiles a network with the optimizer of its settings, and returns it."""
    rate = FALLBACK_RATES[settings.optimizer]
    if settings.optimizer == "adam":
        optimizer = keras.optimizers.Adam(rate)
    else:
        optimizer = keras.optimizers.SGD(rate, momentum=0.9)
    network.compile(optimizer=optimizer, loss=problem.loss, **devices.compile_options())
    return network


def find_rate(network: keras.Model, settings: Settings, problem: Problem) -> LearningRateFinder:
    """Runs a range test on the compiled network, which is left as it was.

    Where the noise of the batches drowns the cost, it is run again on batches four times as large.
    """
    finder = _range_test(network, settings.batch_size, problem)
    if finder.suggestion is None and 4 * settings.batch_size <= len(problem.train[1]):
        finder = _range_test(network, 4 * settings.batch_size, problem)
    return finder


def _range_test(network: keras.Model, batch_size: int, problem: Problem) -> LearningRateFinder:
    finder = LearningRateFinder(steps=FINDER_STEPS, sink=_silent)
    steps = math.ceil(len(problem.train[1]) / batch_size)
    network.fit(
        *devices.even(*problem.train),
        batch_size=devices.divisible(batch_size),
        epochs=math.ceil(FINDER_STEPS / steps),
        callbacks=[finder],
        verbose=0,
    )
    return finder


def chosen_rate(finder: LearningRateFinder, settings: Settings) -> float | None:
    """The finder's rate within sane bounds; without one the optimizer's usual one, or `None`."""
    if finder.suggestion is None:
        return FALLBACK_RATES.get(settings.optimizer)
    return min(finder.suggestion, LARGEST_RATES.get(settings.optimizer, math.inf))


def train_network(
    network: keras.Model,
    settings: Settings,
    problem: Problem,
    *,
    should_stop: Callable[[], bool],
    on_epoch: Callable[[int, float, float], None] = lambda *_: None,
    limits: Limits | None = None,
    resume: Resume | None = None,
) -> Trained:
    """Fits a compiled network with decay and early stopping, and measures its errors.

    Args:
        network: Compiled; its learning rate is the one to begin with.
        settings: Batch size and epochs.
        problem: The data.
        should_stop: Asked after each batch; `True` ends the training, the best weights kept.
        on_epoch: Called with `(epoch, train cost, dev cost)` after each epoch.
        limits: Of the run; its clock goes on from what a training that is resumed had spent.
        resume: By which the training goes on where it was broken off.

    Raises:
        Preempted: If SIGTERM has come.
    """
    rate = float(keras.ops.convert_to_numpy(network.optimizer.learning_rate))
    monitor = CostMonitor(sink=_silent)
    stopping = EarlyStopping(
        patience=max(8, settings.epochs // 5), restore_best_weights=True, sink=_silent
    )
    decay = ExponentialDecay(rate, base=FINAL_RATE ** (1 / settings.epochs))
    history = network.fit(
        *devices.even(*problem.train),
        batch_size=devices.divisible(settings.batch_size),
        epochs=settings.epochs,
        validation_data=problem.dev,
        validation_batch_size=256,
        callbacks=[
            *([] if resume is None else [resume]),
            LearningRateDecay(decay),
            monitor,
            _Watch(should_stop, on_epoch, limits),
            stopping,
            keras.callbacks.TerminateOnNaN(),
        ],
        verbose=0,
    ).history
    curves = {
        "train_cost": history.get("loss", []),
        "dev_cost": history.get("val_loss", []),
        "cost_without_penalty": history.get("cost_without_penalty", []),
        "penalty": history.get("penalty", []),
        "learning_rate": history.get("learning_rate", []),
    }
    trained = measure(network, problem)
    trained.learning_rate, trained.curves = rate, curves
    trained.remarks, trained.best_epoch = tuple(monitor.messages), stopping.best_epoch
    return trained


def measure(network: keras.Model, problem: Problem) -> Trained:
    """Errors on train and dev examples by the same weights in the same mode."""
    (x_train, y_train), (x_dev, y_dev) = sample(problem.train), sample(problem.dev)
    train = error_of(network.predict(x_train, batch_size=256, verbose=0), y_train, problem)
    predictions = network.predict(x_dev, batch_size=256, verbose=0)
    costs = keras.losses.get(problem.loss)(_alongside(y_dev, predictions), predictions)
    dev_cost = float(np.mean(keras.ops.convert_to_numpy(costs)))
    return Trained(network, train, error_of(predictions, y_dev, problem), dev_cost, math.nan)


def error_of(predictions: np.ndarray, y: np.ndarray, problem: Problem) -> ErrorEstimate:
    """The error of predictions with its interval; 1 where they are not finite."""
    if not np.isfinite(predictions).all():
        return worthless(len(y))
    return measure_error(
        problem.metric,
        _alongside(y, predictions),
        predictions,
        threshold=problem.threshold,
        scale=problem.target_scale,
    )


def worthless(examples: int) -> ErrorEstimate:
    """The error of predictions that are not finite: as bad as can be, without a doubt."""
    return ErrorEstimate(1.0, 1.0, 1.0, examples, "share")


def sample(pair: Pair) -> Pair:
    """A fixed random sample of at most `MOST_MEASURED` examples."""
    x, y = pair
    if len(y) <= MOST_MEASURED:
        return pair
    chosen = np.sort(np.random.default_rng(0).permutation(len(y))[:MOST_MEASURED])
    return x[chosen], y[chosen]


def _alongside(y: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Targets `(m,)` as `(m, 1)` where the predictions are, so that a loss does not broadcast."""
    return y.reshape(predictions.shape) if y.size == predictions.size else y


def _silent(_: Any) -> None:
    """Takes the remarks of callbacks, which the steps keep instead."""


class _Watch(keras.callbacks.Callback):
    """Tells of epochs, ends training when asked to, and keeps the time."""

    def __init__(
        self,
        should_stop: Callable[[], bool],
        on_epoch: Callable[[int, float, float], None],
        limits: Limits | None,
    ):
        super().__init__()
        self.should_stop, self.on_epoch, self.limits = should_stop, on_epoch, limits

    def on_train_begin(self, logs: dict | None = None) -> None:
        if self.limits is not None:  # from here on `Resume` sees to it
            self.limits.leave_if_asked()

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if self.should_stop():
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logs = logs or {}
        self.on_epoch(epoch, logs.get("loss", math.nan), logs.get("val_loss", math.nan))

    def get_state(self) -> dict[str, float]:
        return {"seconds": 0.0 if self.limits is None else self.limits.clock()}

    def set_state(self, state: dict[str, float]) -> None:
        if self.limits is not None:
            self.limits.clock.go_on_from(state["seconds"])
