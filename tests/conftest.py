"""What every test shares: the backend of this run, and a fixed seed."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
if os.environ.get("KERAS_BACKEND") == "jax":
    sys.modules["tensorflow"] = None  # on JAX the library must stand without TensorFlow

import keras
import pytest


@pytest.fixture(autouse=True)
def fixed_seed():
    keras.utils.set_random_seed(0)
