"""What every test shares: the backend of this run, and a fixed seed."""

import atexit
import importlib.abc
import os
import shutil
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


class NoTensorFlow(importlib.abc.MetaPathFinder):
    """Makes TensorFlow look as if it were not installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r} (blocked)", name=name)


def keep_compiled():
    """A program that XLA has compiled for one test is not compiled again in this run.

    Most tests of a file train the same network, many of them in processes of their own, and to
    compile it takes longer than the rest of the test. Workers and processes inherit the folder.
    """
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="compiled-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


if os.environ.get("KERAS_BACKEND") == "jax":
    sys.meta_path.insert(0, NoTensorFlow())  # on JAX the library must stand without it
    keep_compiled()

import keras
import pytest


@pytest.fixture(autouse=True)
def fixed_seed():
    keras.utils.set_random_seed(0)
