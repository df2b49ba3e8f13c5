"""Where the data of a program come from: what `fit` is given for each kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from kill_programs.networks import SHAPE

BATCH, STEPS = 8, 6
EXAMPLES = BATCH * STEPS - 3  # the last batch is a short one
_RANDOM = np.random.default_rng(0)
X = _RANDOM.normal(size=(EXAMPLES, *SHAPE)).astype("float32")
Y = (X.mean(axis=(1, 2)) > 0).astype("float32")
DEV_X = _RANDOM.normal(size=(2 * BATCH, *SHAPE)).astype("float32")
DEV_Y = (DEV_X.mean(axis=(1, 2)) > 0).astype("float32")

Arguments = dict[str, Any]


def arrays() -> Arguments:
    """Shuffled by `fit`, with dev examples."""
    return {"x": X, "y": Y, "batch_size": BATCH, "validation_data": (DEV_X, DEV_Y)}


def split_arrays() -> Arguments:
    """Dev examples split off, measured every second epoch."""
    return {"x": X, "y": Y, "batch_size": BATCH, "validation_split": 0.25, "validation_freq": 2}


def tf_data() -> Arguments:
    """Another order in every epoch."""
    import tensorflow as tf

    train = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(EXAMPLES, seed=3)
    dev = tf.data.Dataset.from_tensor_slices((DEV_X, DEV_Y)).batch(BATCH)
    return {"x": train.batch(BATCH).prefetch(2), "validation_data": dev}


def noisy_tf_data() -> Arguments:
    """TensorFlow's own random numbers in `map`, of train and of dev."""
    import tensorflow as tf

    def noisy(x: Any, y: Any) -> Any:
        return x + tf.random.normal(tf.shape(x), stddev=0.1, seed=5), y

    train = tf.data.Dataset.from_tensor_slices((X, Y)).map(noisy).batch(BATCH)
    dev = tf.data.Dataset.from_tensor_slices((DEV_X, DEV_Y)).map(noisy).batch(BATCH)
    return {"x": train, "validation_data": dev}


def endless_tf_data() -> Arguments:
    """Read on where the epoch before has ended."""
    import tensorflow as tf

    train = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(EXAMPLES, seed=3).repeat()
    return {"x": train.batch(BATCH), "steps_per_epoch": STEPS - 1}


class NoisyBatches(keras.utils.PyDataset):
    """Adds noise and shuffles by NumPy's global generator."""

    def __init__(self, x: np.ndarray, y: np.ndarray, **options: Any) -> None:
        super().__init__(**options)
        self.x, self.y, self.order = x, y, np.arange(len(x))

    def __len__(self) -> int:
        return -(-len(self.x) // BATCH)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order[index * BATCH : (index + 1) * BATCH]
        return self.x[rows] + self.noise(index, len(rows)), self.y[rows]

    def noise(self, index: int, size: int) -> np.ndarray:
        """For the rows of a batch."""
        return np.random.normal(scale=0.1, size=(size, *SHAPE)).astype("float32")

    def on_epoch_end(self) -> None:
        """Another order."""
        np.random.shuffle(self.order)


class NumberedBatches(NoisyBatches):
    """The same for several workers, whose order is nobody's: noise by epoch and batch."""

    epoch = 0

    def noise(self, index: int, size: int) -> np.ndarray:
        """The same whichever worker makes it."""
        generator = np.random.default_rng((self.epoch, index))
        return generator.normal(scale=0.1, size=(size, *SHAPE)).astype("float32")

    def on_epoch_end(self) -> None:
        """Another order, by the epoch."""
        self.epoch += 1
        self.order = np.random.default_rng(self.epoch).permutation(len(self.x))


def py_dataset() -> Arguments:
    """Random numbers in `__getitem__` and `on_epoch_end`, of train and of dev."""
    return {"x": NoisyBatches(X, Y), "validation_data": NoisyBatches(DEV_X, DEV_Y)}


def workers() -> Arguments:
    """Drawn by two threads, shuffled by `fit` too."""
    train = NumberedBatches(X, Y, workers=2)
    return {"x": train, "validation_data": (DEV_X, DEV_Y), "shuffle": True}


def generator() -> Arguments:
    """Python's generators, which shuffle; each by its own numbers, for they are read ahead."""
    return {
        "x": _endless(X, Y, seed=1),
        "steps_per_epoch": STEPS,
        "validation_data": _endless(DEV_X, DEV_Y, seed=2),
        "validation_steps": 2,
    }


def weighted_arrays() -> Arguments:
    """Classes that count differently."""
    return {**arrays(), "class_weight": {0: 1.0, 1: 2.5}}


def _endless(x: np.ndarray, y: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    generator = np.random.default_rng(seed)
    while True:
        order = generator.permutation(len(x))
        for rows in np.split(order, range(BATCH, len(x), BATCH)):
            yield x[rows], y[rows]
