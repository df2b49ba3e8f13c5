"""The versions a result depends on."""

from __future__ import annotations

import platform
from importlib import metadata

import keras


def versions() -> dict[str, str]:
    """Names and versions of what computes here: Python, Keras, the backend, NumPy, this library."""
    backend = keras.backend.backend()
    packages = ("kerasrecipes", "keras", backend, "numpy", "scikit-learn", "pandas")
    found = {"python": platform.python_version(), "backend": backend}
    return found | {name: metadata.version(name) for name in packages}
