"""Model files made by hand: a sound one, and copies of it with other members."""

import functools
import io
import json
import tempfile
import zipfile
from pathlib import Path

import h5py
import keras


@functools.cache
def sound() -> dict[str, bytes]:
    """The members of a small compiled model."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "relu", name="dense")])
    model.compile("adam", "mse")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.keras")
        model.save(path)
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def with_members(path: Path, extra=(), compression=zipfile.ZIP_STORED, **members) -> Path:
    """Writes the sound model with members replaced (`config`, `weights`) and others added."""
    names = {"config": "config.json", "weights": "model.weights.h5"}
    kept = {**sound(), **{names[name]: content for name, content in members.items()}}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in [*kept.items(), *extra]:
            archive.writestr(name, content)
    return path


def with_config(path: Path, change) -> Path:
    """Writes the sound model with its configuration changed by `change(config)`."""
    config = json.loads(sound()["config.json"])
    change(config)
    return with_members(path, config=json.dumps(config))


def with_layer(path: Path, **layer) -> Path:
    """Writes the sound model with its dense layer replaced by an entry."""
    entry = {"module": "keras.layers", "registered_name": None, "config": {}, **layer}
    return with_config(path, lambda config: config["config"]["layers"].__setitem__(1, entry))


def with_activation(path: Path, value) -> Path:
    """Writes the sound model with the activation of its dense layer replaced."""
    return with_config(
        path,
        lambda config: config["config"]["layers"][1]["config"].__setitem__("activation", value),
    )


def with_weights(path: Path, change) -> Path:
    """Writes the sound model with its HDF5 weights changed by `change(file)`."""
    content = io.BytesIO(sound()["model.weights.h5"])
    with h5py.File(content, "r+") as file:
        change(file)
    return with_members(path, weights=content.getvalue())
