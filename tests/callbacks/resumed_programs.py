"""Programs for tests of `Resume`: trained whole, or broken off and started again."""

import random

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import CostMonitor, EarlyStopping, LearningRateDecay, Resume
from kerasrecipes.schedules import ExponentialDecay

GENERATOR = np.random.default_rng(0)


X = GENERATOR.normal(size=(60, 3)).astype("float32")


Y = (X[:, :1] * 2 + GENERATOR.normal(size=(60, 1))).astype("float32")


STEPS = 8  # of an epoch, in batches of 8


THREADS = "a thread of the training broken off draws on here, as none does after a kill"


class Broken(BaseException):
    """What stands for a kill here."""


class Break(keras.callbacks.Callback):
    """Breaks the training off after so many steps of this process."""

    def __init__(self, after):
        super().__init__()
        self.after, self.steps = after, 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.steps == self.after:
            raise Broken

    def get_state(self):
        return {}

    def set_state(self, state):
        pass


class Draws(keras.callbacks.Callback):
    """Draws random numbers between epochs, as a callback may."""

    def __init__(self):
        super().__init__()
        self.drawn = []

    def on_epoch_end(self, epoch, logs=None):
        self.drawn.append((float(np.random.rand()), random.random()))

    def get_state(self):
        return {"drawn": self.drawn}

    def set_state(self, state):
        self.drawn = [tuple(pair) for pair in state["drawn"]]


class Shuffled(keras.utils.PyDataset):
    """Draws from NumPy's global generator in every batch and after every epoch."""

    def __init__(self):
        super().__init__()
        self.order = np.arange(len(X))

    def __len__(self):
        return STEPS

    def __getitem__(self, place):
        rows = self.order[8 * place : 8 * place + 8]
        noise = np.random.normal(size=X[rows].shape)
        return X[rows] + 0.1 * noise.astype("float32"), Y[rows]

    def on_epoch_end(self):
        np.random.shuffle(self.order)


def batches():
    generator = np.random.default_rng(4)
    while True:
        rows = generator.integers(0, len(X), 8)
        yield X[rows], Y[rows]


def dataset():
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(30, seed=1)
    return data.map(lambda x, y: (x + tf.random.normal(tf.shape(x)), y)).batch(8).prefetch(2)


def network(optimizer="adam", **compiled):
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, "relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer, "mse", metrics=["mae"], **compiled)
    return model


def not_built():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.9)
    model = keras.Sequential(
        [keras.layers.Dense(4), keras.layers.Dropout(0.2), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(schedule, momentum=0.9), "mse", metrics=["mae"])
    return model


ARRAYS = {"x": X, "y": Y, "batch_size": 8}


PROGRAMS = {
    "arrays, early stopping": lambda: (
        network(),
        {**ARRAYS, "validation_data": (X[:20], Y[:20])},
        [
            EarlyStopping(patience=2, restore_best_weights=True, sink=None),
            keras.callbacks.ReduceLROnPlateau(patience=1),
            Draws(),
        ],
    ),
    "not built, schedule": lambda: (not_built(), {**ARRAYS, "validation_split": 0.2}, []),
    "steps at once, class weights": lambda: (
        network(steps_per_execution=3),
        {**ARRAYS, "y": (Y > 0).astype("int32"), "class_weight": {0: 1.0, 1: 3.0}},
        [CostMonitor(sink=None)],
    ),
    "averages, decay": lambda: (
        network(keras.optimizers.SGD(0.01, momentum=0.9, use_ema=True)),
        ARRAYS,
        [
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            LearningRateDecay(ExponentialDecay(0.01), sink=None),
        ],
    ),
    "dataset, accumulation": lambda: (
        network(keras.optimizers.Adam(0.01, gradient_accumulation_steps=3)),
        {"x": dataset(), "validation_data": dataset()},
        [],
    ),
    "py dataset": lambda: (
        network(),
        {"x": Shuffled(), "validation_data": Shuffled(), "validation_freq": 2},
        [Draws()],
    ),
    "generator": lambda: (network(), {"x": batches(), "steps_per_epoch": STEPS}, []),
}


class Best(keras.callbacks.Callback):
    """Has nothing to keep at first, then text and numbers in a list."""

    def __init__(self):
        super().__init__()
        self.best = []

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch  # read in get_state, so not before an epoch has begun

    def on_epoch_end(self, epoch, logs=None):
        self.best = ["loss", min([*self.best[1:], logs["loss"]])]

    def get_state(self):
        return [self.epoch, self.best] if self.best else None

    def set_state(self, state):
        self.epoch, self.best = state


def train(name, directory, after=None, epochs=4, **options):
    """All that a training leaves: weights, history, states of callbacks, and the next draws."""
    keras.utils.set_random_seed(3)
    model, given, callbacks = PROGRAMS[name]()
    options = {"sink": None, **options}
    callbacks = [Resume(directory, **options), *callbacks, Break(after)]
    history = model.fit(**given, epochs=epochs, verbose=0, callbacks=callbacks)
    variables = [*model.variables, *model.optimizer.variables]
    return {
        "weights": [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in variables],
        "history": history.history,
        "epochs": history.epoch,
        "stopped": model.stop_training,
        "states": [each.get_state() for each in callbacks if hasattr(each, "get_state")],
        "draws": (np.random.rand(), random.random()),
        "outputs": model.predict(X[:2], verbose=0),
    }


def train_in_parts(name, directory, breaks, **options):
    for after in breaks:
        with pytest.raises(Broken):
            train(name, directory, after, **options)
    return train(name, directory, **options)


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        left, right = keras.tree.flatten(a[name]), keras.tree.flatten(b[name])
        assert len(left) == len(right), name
        for one, other in zip(left, right, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=name)
