"""The versions a result depends on."""

import importlib.metadata

import keras

from kerasrecipes.checkpoints.versions import versions


def test_they_name_what_computes_here():
    found = versions()
    assert found["backend"] == keras.backend.backend()
    assert found["keras"] == keras.__version__
    assert found[keras.backend.backend()] == importlib.metadata.version(keras.backend.backend())
    assert {"python", "kerasrecipes", "numpy"} <= set(found)
    assert all(isinstance(value, str) for value in found.values())
