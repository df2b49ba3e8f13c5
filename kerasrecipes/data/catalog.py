"""The data sets that are known by name."""

import os
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from kerasrecipes.data.errors import DataError


class Named(NamedTuple):
    """A data set of a catalogue: arrays, names, and the task it was made for."""

    x: np.ndarray
    y: np.ndarray
    task: str
    feature_names: tuple[str, ...]
    image_shape: tuple[int, int, int] | None


def load_named(name: str) -> Named:
    """Loads one of the data sets of `NAMES`.

    Those of scikit-learn lie on the disk with it; those of Keras come through `keras.datasets`,
    which keeps them in `~/.keras` (or where `KERAS_HOME` points), and their train and test parts
    are joined.

    Args:
        name: String, one of `NAMES`.

    Returns:
        Named: `x`, `y`, the task, the names of the features and the shape of the images.

    Raises:
        DataError: If it is not in the cache and cannot be downloaded.

    Example:
    >>> load_named("iris").x.shape
    (150, 4)
    """
    return NAMES[name](name)


def _scikit_learn(name: str) -> Named:
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    task = "regression" if name == "diabetes" else "classification"
    image_shape = (8, 8, 1) if name == "digits" else None
    names = tuple(str(feature) for feature in bunch.feature_names)
    return Named(bunch.data, bunch.target, task, names, image_shape)


def _keras(name: str) -> Named:
    try:
        (x, y), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails
        home = os.environ.get("KERAS_HOME", os.path.join("~", ".keras"))
        raise DataError(
            f"`{name}` is not in Keras's cache and could not be downloaded ({str(error)[:120]}): "
            f"put {CACHED[name]} into {os.path.join(home, 'datasets')}."
        ) from error
    y = np.concatenate([np.ravel(y), np.ravel(y_test)])
    return Named(np.concatenate([x, x_test]), y, "classification", (), None)


CACHED = {
    "mnist": "mnist.npz",
    "fashion_mnist": "the folder fashion-mnist with its four .gz files",
    "cifar10": "cifar-10-python.tar.gz (named cifar-10-batches-py-target_archive)",
}
NAMES: dict[str, Callable[[str], Named]] = {
    **dict.fromkeys(("digits", "breast_cancer", "wine", "diabetes", "iris"), _scikit_learn),
    **dict.fromkeys(CACHED, _keras),
}
