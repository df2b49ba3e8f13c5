"""The programs that are killed: one row each, over what a training can be made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras.optimizers import SGD, Adam, AdamW, schedules

from kill_programs import networks, sources, watchers

EPOCHS = 5
METRICS = ["accuracy"]


class Program(NamedTuple):
    """A training, and how often it is saved.

    Attributes:
        network: Makes the model.
        source: Makes the data.
        optimizer: Makes the optimizer.
        callbacks: Takes the folder of the run, makes the callbacks.
        every_steps: As `Resume` takes it.
        every_epochs: As `Resume` takes it.
        compile: More arguments of `compile`.
        epochs: Of the whole training.
    """

    network: Callable[[], keras.Model]
    source: Callable[[], dict[str, Any]]
    optimizer: Callable[[], keras.optimizers.Optimizer]
    callbacks: Callable[..., watchers.Callbacks] = watchers.none
    every_steps: int | None = None
    every_epochs: int | None = 1
    compile: dict[str, Any] = {}
    epochs: int = EPOCHS

    def model(self) -> keras.Model:
        """Compiled."""
        model = self.network()
        model.compile(self.optimizer(), "binary_crossentropy", metrics=METRICS, **self.compile)
        return model


def _momentum() -> SGD:
    return SGD(0.05, momentum=0.9, nesterov=True)


def _schedule() -> Adam:
    return Adam(schedules.CosineDecay(0.02, 30), gradient_accumulation_steps=2)


def _accumulated() -> Adam:
    return Adam(0.01, gradient_accumulation_steps=2)


def _averaged() -> Adam:
    return Adam(0.01, use_ema=True, ema_momentum=0.8)


def _overwritten() -> SGD:
    return SGD(0.05, momentum=0.9, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=7)


def _our_decay() -> AdamW:
    return AdamW(watchers.decays_of_ours(), weight_decay=0.01, clipnorm=1.0)


_TOGETHER = {"steps_per_execution": 3}

# Of each kind of `fit`: network, data, optimizer, callbacks, every_steps, every_epochs.
PROGRAMS: dict[str, Program] = {
    "arrays, every step": Program(networks.random, sources.arrays, Adam, every_steps=1),
    "arrays, best weights put back": Program(
        networks.random, sources.arrays, _momentum, watchers.stopping, 3
    ),
    "arrays, Keras's stopping": Program(
        networks.images, sources.arrays, _momentum, watchers.keras_stopping, epochs=8
    ),
    "arrays, plateau and best file": Program(
        networks.images, sources.arrays, _averaged, watchers.plateau, 1, None
    ),
    "arrays, swapped averages": Program(
        networks.random, sources.arrays, _averaged, watchers.averaging, 3, 2
    ),
    "arrays, class weights": Program(
        networks.unbuilt, sources.weighted_arrays, _overwritten, watchers.decay, None, 2
    ),
    "arrays, three steps a call": Program(
        networks.random, sources.arrays, _schedule, watchers.monitors, 3, compile=_TOGETHER
    ),
    "arrays, range test": Program(networks.random, sources.arrays, Adam, watchers.finder, 1),
    "arrays, doctor": Program(networks.random, sources.arrays, _momentum, watchers.doctor, 3),
    "arrays split off, gambler": Program(
        networks.recurrent, sources.split_arrays, Adam, watchers.gambling, 1
    ),
    "tf.data": Program(networks.random, sources.tf_data, _our_decay, watchers.monitors, 3),
    "tf.data, stopping": Program(networks.images, sources.tf_data, Adam, watchers.stopping),
    "tf.data with noise": Program(
        networks.random, sources.noisy_tf_data, _schedule, watchers.bookkeeping, 1
    ),
    "tf.data, TensorBoard": Program(networks.plain, sources.tf_data, _momentum, watchers.board, 3),
    "tf.data without end": Program(
        networks.images, sources.endless_tf_data, _averaged, watchers.gambling, 1, None
    ),
    "tf.data, three steps a call": Program(
        networks.unbuilt, sources.tf_data, Adam, watchers.decay, 1, 2, _TOGETHER
    ),
    "PyDataset": Program(
        networks.random, sources.py_dataset, _overwritten, watchers.keras_schedule, 1
    ),
    "PyDataset, plateau": Program(
        networks.images, sources.py_dataset, _accumulated, watchers.plateau, None, 2
    ),
    "PyDataset, gambler": Program(
        networks.random, sources.py_dataset, Adam, watchers.gambling, 3, compile=_TOGETHER
    ),
    "PyDataset, two workers": Program(
        networks.random, sources.workers, _momentum, watchers.decay, 3
    ),
    "PyDataset, two workers, stopping": Program(
        networks.images, sources.workers, _averaged, watchers.keras_stopping, 1
    ),
    "generator": Program(networks.random, sources.generator, Adam, watchers.keras_schedule, 1),
    "generator, doctor": Program(
        networks.plain, sources.generator, _our_decay, watchers.doctor, None, 2
    ),
    "generator, monitors": Program(
        networks.images, sources.generator, _momentum, watchers.monitors_of_steps, 3, None
    ),
}

FAULTY = Program(networks.random, sources.arrays, _momentum, every_steps=1)
