"""Fits that are killed and gone on with by the states of their callbacks, in one process."""

import contextlib
import json
from typing import NamedTuple

import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.callbacks.callback_states import restore, state_of
from kerasrecipes.checkpoints.state_tree import flatten, unflatten

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(16, 3)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")
DEV = (X[:8] + 0.5, Y[:8])
BATCH, STEPS, EPOCHS = 4, 4, 6
PLACES = {"epoch": (2, None), "step": (3, 1)}  # epoch, and batch, after which states are taken
COSTS = [3.0, 2.0, 2.5, 2.4, 2.3, 1.0]  # rises for two epochs before the states are taken


class Killed(KeyboardInterrupt):
    pass


class End(NamedTuple):
    callbacks: dict
    weights: list
    saver: "Saver"


class Planned(keras.callbacks.Callback):
    """Adds a value to the logs that callbacks can decide on."""

    def on_epoch_end(self, epoch, logs=None):
        logs["planned"] = COSTS[epoch]


class Saver(keras.callbacks.Callback):
    """Takes all states at a place and kills the fit later, or gives them back in another one."""

    def __init__(self, others, place, kills=False, saved=None):
        super().__init__()
        self.others, self.place, self.kills, self.saved = others, place, kills, saved
        self.states, self.epoch = None, None

    def on_train_begin(self, logs=None):
        optimizer = self.model.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        if self.saved is not None:
            values, states = self.saved
            for variable, value in zip(self._variables(), values, strict=True):
                variable.assign(value)
            for callback, state in zip(self.others, states, strict=True):
                restore(callback, state)
            self.states = [state_of(callback) for callback in self.others]

    def on_train_batch_end(self, batch, logs=None):
        self._take((self.epoch, batch))

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        self._take((epoch, None))
        if self.kills and epoch == 3:
            raise Killed

    def _take(self, place):
        if self.kills and place == self.place:
            self.states = [state_of(callback) for callback in self.others]
            values = [np.array(keras.ops.convert_to_numpy(v)) for v in self._variables()]
            self.saved = values, [through_a_file(state) for state in self.states]

    def _variables(self):
        model = self.model
        found = [*model.variables, *model.metrics_variables, *model.optimizer.variables]
        unique = {id(variable): variable for variable in found}.values()
        return [variable for variable in unique if not variable.name.startswith("tap_")]


def network(optimizer):
    keras.utils.set_random_seed(0)
    parts = [
        keras.Input((3,)),
        layers.Dense(4, "relu", name="hidden", kernel_regularizer="l2"),
        layers.Dropout(0.25, name="dropout"),
        layers.Dense(1, "sigmoid", name="out"),
    ]
    model = keras.Sequential(parts, name="network")
    model.compile(optimizer(), "binary_crossentropy")
    return model


def train(model, callbacks, place, start):
    """A fit on from a place; Keras's own where that is between epochs."""
    if place[1] is None:
        return model.fit(
            X, Y, BATCH, EPOCHS, verbose=0, callbacks=callbacks, validation_data=DEV,
            shuffle=False, initial_epoch=start[0],
        )  # fmt: skip
    return fit(model, X, Y, DEV, callbacks, start)


def fit(self, x, y, validation_data, callbacks, start, batch_size=BATCH, epochs=EPOCHS):
    """The loop of `Model.fit` that can go on inside an epoch, where no epoch begins again."""
    listed = keras.callbacks.CallbackList(
        callbacks, model=self, verbose=0, epochs=epochs, steps=STEPS
    )
    self.stop_training = False
    self.make_train_function()
    listed.on_train_begin()
    for epoch in range(start[0], epochs):
        first = start[1] if epoch == start[0] else 0
        if first == 0:
            self.reset_metrics()
            listed.on_epoch_begin(epoch)
        for batch in range(first, STEPS):
            rows = slice(batch * batch_size, (batch + 1) * batch_size)
            listed.on_train_batch_begin(batch)
            logs = self.train_on_batch(x[rows], y[rows], return_dict=True)
            listed.on_train_batch_end(batch, logs)
            if self.stop_training:
                break
        logs = {name: float(value) for name, value in logs.items()}
        listed.on_epoch_end(epoch, logs)
        if self.stop_training:
            break
    listed.on_train_end(logs)


def interrupted(make, optimizer, place, folder):
    """One fit never interrupted, and one killed and gone on with.

    Args:
        make: Takes a folder, gives the callbacks by name.
        optimizer: Makes one.
        place: One of `PLACES`.
        folder: For files.

    Returns:
        An `End` of the fit never interrupted, of the killed one, and of that gone on with.
    """
    place = PLACES[place]

    def end(name, start=(0, 0), kills=False, saved=None):
        (folder / name).mkdir(exist_ok=True)
        model, callbacks = network(optimizer), make(folder / name)
        saver = Saver(list(callbacks.values()), place, kills, saved)
        with pytest.raises(Killed) if kills else contextlib.nullcontext():
            train(model, [*callbacks.values(), saver], place, start)
        return End(callbacks, model.get_weights(), saver)

    whole, killed = end("whole"), end("killed", kills=True)
    after = (3, 0) if place[1] is None else (place[0], place[1] + 1)
    return whole, killed, end("killed", after, saved=killed.saver.saved)


def through_a_file(state):
    """The state as it comes back from a checkpoint."""
    value, arrays = flatten(state)
    return unflatten(json.loads(json.dumps(value)), [array.copy() for array in arrays])
