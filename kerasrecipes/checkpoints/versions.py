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
    return found | {name: _version(name) for name in packages}


def exact_versions() -> dict[str, str]:
    """Those of `versions` without which a training does not go on to the bit."""
    relevant = ("kerasrecipes", "keras", "backend", keras.backend.backend(), "numpy")
    return {name: version for name, version in versions().items() if name in relevant}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # run from a checkout that was not installed
        return "not installed"
