"""What every test shares: the backend of this run, and a fixed seed."""

import atexit
import gc
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

LONGEST_FIRST = "test_two_devices.py"


def pytest_collection_modifyitems(items):
    """The file that takes longest first, or one worker is busy with it when all else is done."""
    items.sort(key=lambda item: item.path.name != LONGEST_FIRST)


def pytest_collection_finish():
    gc.freeze()  # what was imported stays, and need not be looked at again


@pytest.fixture(autouse=True, scope="module")
def collected():
    """Frees what a module has left behind, between tests and not in the middle of one.

    TensorFlow takes long to free its functions, and nothing else of the process runs meanwhile:
    with those of a thousand tests at once, a test stood still for minutes.
    """
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def fixed_seed():
    keras.utils.set_random_seed(0)
