"""What every test shares: the backend of this run, and a fixed seed."""

import importlib.abc
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


class NoTensorFlow(importlib.abc.MetaPathFinder):
    """Makes TensorFlow look as if it were not installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r} (blocked)", name=name)


if os.environ.get("KERAS_BACKEND") == "jax":
    sys.meta_path.insert(0, NoTensorFlow())  # on JAX the library must stand without it

import keras
import pytest


@pytest.fixture(autouse=True)
def fixed_seed():
    keras.utils.set_random_seed(0)
