"""Small programs, fitted with and without steering."""

import keras
import numpy as np
from keras import layers

from kerasrecipes.layers import InvertedDropout
from kerasrecipes.live.steering import Steering

X = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
Y = (X[:, :1] - X[:, 1:2] ** 2).astype("float32")
STEPS = 4  # of an epoch


def network(optimizer, policy="float32", **compile_arguments):
    """Dropout beside and inside a block, and batch norm."""
    keras.utils.set_random_seed(1)
    inner = keras.Sequential([InvertedDropout(0.6, dtype=policy, name="inner")], name="block")
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, "relu", dtype=policy),
            InvertedDropout(0.8, dtype=policy, name="drop"),
            layers.BatchNormalization(dtype=policy),
            inner,
            layers.Dense(1, dtype=policy),
        ]
    )
    model.compile(optimizer, "mse", **compile_arguments)
    return model


class Steered(keras.callbacks.Callback):
    """Calls `moves[step](steering)` before these steps of a `fit` that is steered."""

    def __init__(self, steering=None, moves=None, owners=()):
        super().__init__()
        self.steering, self.moves = steering or Steering(), moves or {}
        self.owners = owners

    def on_train_begin(self, logs=None):
        """Begins."""
        self.step = 0
        self.steering.begin(self.model, owners=self.owners)

    def on_train_batch_begin(self, batch, logs=None):
        """Moves what is to be moved."""
        self.moves.get(self.step, lambda steering: None)(self.steering)
        self.step += 1

    def on_train_end(self, logs=None):
        """Ends."""
        self.steering.end()


class Before(keras.callbacks.Callback):
    """Calls `act(model)` once, before a step."""

    def __init__(self, step, act):
        super().__init__()
        self.step, self.act = step, act

    def on_train_batch_begin(self, batch, logs=None):
        """Counts."""
        if self.step == 0:
            self.act(self.model)
        self.step -= 1


def fit(model, *callbacks, epochs=2, seed=2):
    """The model after `epochs` of 4 steps each."""
    keras.utils.set_random_seed(seed)
    model.fit(X, Y, batch_size=16, epochs=epochs, verbose=0, callbacks=list(callbacks))
    return model


def numbers(model):
    """All weights and the optimizer's variables."""
    variables = [*model.variables, *model.optimizer.variables]
    return [keras.ops.convert_to_numpy(variable).copy() for variable in variables]


def assert_same(model, other, **tolerance):
    """To the bit, or by a tolerance."""
    for ours, theirs in zip(numbers(model), numbers(other), strict=True):
        if tolerance:
            np.testing.assert_allclose(ours, theirs, **tolerance)
        else:
            np.testing.assert_array_equal(ours, theirs)
