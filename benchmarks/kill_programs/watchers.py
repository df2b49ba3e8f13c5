"""The callbacks of the programs: each a function of the folder of the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.callbacks import Callback

from kerasrecipes import callbacks as ours
from kerasrecipes.schedules import ExponentialDecay, StepDecay, WarmUp

theirs = keras.callbacks
Callbacks = list[Callback]


class Bookkeeper(Callback):
    """A user's own, with a state."""

    def on_train_begin(self, logs: Any = None) -> None:
        """Nothing has been seen."""
        self.steps, self.costs = 0, []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Counts the step."""
        self.steps += 1

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Notes the cost."""
        self.costs.append(float(logs["loss"]))

    def get_state(self) -> dict[str, Any]:
        """Plain values."""
        return {"steps": self.steps, "costs": self.costs}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from them."""
        self.steps, self.costs = state["steps"], state["costs"]


class Gambler(Callback):
    """Draws random numbers at every end of an epoch, and trains by them."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Changes the learning rate at random."""
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.model.optimizer.learning_rate = rate * np.random.uniform(0.8, 1.2)


def none(folder: Path) -> Callbacks:
    return []


def stopping(folder: Path) -> Callbacks:
    """Ours, which stops and puts the best weights back."""
    return [
        ours.EarlyStopping(
            "val_loss", patience=1, min_delta=0.05, restore_best_weights=True, sink=None
        ),
        theirs.CSVLogger(folder / "log.csv"),
    ]


def keras_stopping(folder: Path) -> Callbacks:
    """Keras's, which stops and puts the best weights back; a plateau on the way."""
    return [
        theirs.ReduceLROnPlateau("val_loss", patience=1, min_delta=0.05, factor=0.3),
        theirs.EarlyStopping("val_loss", patience=2, min_delta=0.05, restore_best_weights=True),
    ]


def plateau(folder: Path) -> Callbacks:
    """The best weights in a file, and the rate by the dev cost."""
    return [
        theirs.ReduceLROnPlateau("val_loss", patience=1, min_delta=0.02, factor=0.5),
        theirs.ModelCheckpoint(
            folder / "best.weights.h5", "val_loss", save_best_only=True, save_weights_only=True
        ),
        theirs.CSVLogger(folder / "log.csv"),
    ]


def decay(folder: Path) -> Callbacks:
    """Our decay by the epoch."""
    return [ours.LearningRateDecay(WarmUp(StepDecay(0.02, 0.5, 2), 1), sink=None)]


def keras_schedule(folder: Path) -> Callbacks:
    """Keras's own callback, and a user's."""
    scheduler = theirs.LearningRateScheduler(lambda epoch, rate: float(rate) * 0.9)
    return [scheduler, *bookkeeping(folder)]


def bookkeeping(folder: Path) -> Callbacks:
    """A user's own with a state, and a file with a row for each epoch."""
    return [Bookkeeper(), theirs.CSVLogger(folder / "log.csv", separator=";")]


def averaging(folder: Path) -> Callbacks:
    """Averaged weights taken for dev, and kept if they are better."""
    best = theirs.ModelCheckpoint(
        folder / "best.weights.h5", "val_loss", save_best_only=True, save_weights_only=True
    )
    return [theirs.SwapEMAWeights(swap_on_epoch=True), best]


def board(folder: Path) -> Callbacks:
    """TensorBoard, by the step."""
    return [theirs.TensorBoard(folder / "board", update_freq=2, write_graph=False)]


def monitors(folder: Path) -> Callbacks:
    """Ours that measure as it trains, and at ends of epochs."""
    return [*monitors_of_steps(folder), ours.BiasVarianceReporter(every=2, sink=None)]


def monitors_of_steps(folder: Path) -> Callbacks:
    """Ours that measure as it trains."""
    return [
        ours.GradientMonitor(lambda step: step % 2 == 0, log=True, sink=None),
        ours.CostMonitor(patience=1, sink=None),
    ]


def doctor(folder: Path) -> Callbacks:
    """The doctor, who judges after each epoch."""
    return [ours.Doctor(sink=None), theirs.CSVLogger(folder / "log.csv")]


def finder(folder: Path) -> Callbacks:
    """A range test of the learning rate, which puts the model back."""
    return [ours.LearningRateFinder(1e-3, 1.0, steps=22, sink=None)]


def gambling(folder: Path) -> Callbacks:
    """A user's own that draw, and that count."""
    return [Gambler(), Bookkeeper()]


def decays_of_ours() -> Any:
    """For an optimizer: our decay by the step."""
    return ExponentialDecay(0.02, 0.8).per_step(6, staircase=False)
