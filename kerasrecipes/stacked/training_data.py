"""The arguments of a `fit` that many models can share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.stacked.not_stackable import NotStackable

SHARED = ("x", "y", "sample_weight", "class_weight", "validation_data", "validation_split")
SETTINGS = ("batch_size", "epochs", "shuffle", "validation_batch_size", "initial_epoch")
SILENT = ("verbose",)
BATCH_SIZE = 32
"""Keras's own where none is given."""


@dataclass(frozen=True)
class TrainingData:
    """What is trained on and how, with everything Keras's `fit` would derive from its arguments.

    Attributes:
        train: `(x, y)` or `(x, y, sample_weight)`, tensors nested as the model takes them.
        dev: The same, or None.
        batch_size: Integer >= 1.
        dev_batch_size: Integer >= 1.
        epochs: Integer, the last epoch to train, as in `fit`.
        initial_epoch: Integer >= 0.
        shuffle: Whether each epoch has an order of its own.
    """

    train: tuple
    dev: tuple | None
    batch_size: int
    dev_batch_size: int
    epochs: int
    initial_epoch: int
    shuffle: bool

    @property
    def rows(self) -> int:
        """Number of training examples."""
        return len(keras.tree.flatten(self.train[0])[0])


def training_data(arguments: dict[str, Any], read: tuple | None = None) -> TrainingData:
    """Reads the arguments of a `fit`.

    Args:
        arguments: As given to `fit`, all by name.
        read: `(train, dev)` of an earlier call with the same arrays, not to be read again.

    Returns:
        A `TrainingData`; the split, the weights of classes and the batch sizes are Keras's.

    Raises:
        NotStackable: If they can only be followed by `fit` itself; the message says why.
    """
    given = {key: value for key, value in arguments.items() if value is not None}
    for name in given:
        if name not in (*SHARED, *SETTINGS, *SILENT):
            raise NotStackable(f"`{name}` is given to `fit`")
    shuffle = given.get("shuffle", True)
    if not isinstance(shuffle, (bool, np.bool_)):
        raise NotStackable(f"`shuffle` is {shuffle!r}")
    if int(given.get("epochs", 1)) <= int(given.get("initial_epoch", 0)):
        raise NotStackable("`epochs` and `initial_epoch` leave no epoch to train")
    train, dev = _parts(given) if read is None else read
    batch_size = int(given.get("batch_size", BATCH_SIZE))
    return TrainingData(
        train=train,
        dev=dev,
        batch_size=batch_size,
        dev_batch_size=int(given.get("validation_batch_size", batch_size)),
        epochs=int(given.get("epochs", 1)),
        initial_epoch=int(given.get("initial_epoch", 0)),
        shuffle=bool(shuffle),
    )


def _parts(given: dict[str, Any]) -> tuple[tuple, tuple | None]:
    """Train and dev as tensors."""
    train = _arrays(given.get("x"), given.get("y"), given.get("sample_weight"), "x")
    dev = given.get("validation_data")
    if dev is not None:
        if not isinstance(dev, (list, tuple)) or len(dev) not in (2, 3):
            raise NotStackable(f"`validation_data` is a {type(dev).__name__}, not a pair of arrays")
        x, y, weight = (*dev, None)[:3]
        dev = _arrays(x, y, weight, "validation_data")
    elif given.get("validation_split"):
        train, dev = _split(train, float(given["validation_split"]))
    if given.get("class_weight"):
        train = _weighted(train, given["class_weight"])
    return _tensors(train), None if dev is None else _tensors(dev)


def _arrays(x: Any, y: Any, sample_weight: Any, name: str) -> tuple:
    parts = [("x", x), ("y", y)] + (
        [] if sample_weight is None else [("sample_weight", sample_weight)]
    )
    for part, value in parts:
        leaves = keras.tree.flatten(value)
        if not leaves or any(not _is_array(leaf) for leaf in leaves):
            kinds = sorted({type(leaf).__name__ for leaf in leaves}) or ["nothing"]
            where = part if name == "x" else f"{part} of {name}"
            raise NotStackable(f"`{where}` is {', '.join(kinds)}, not arrays")
    arrays = tuple(keras.tree.map_structure(np.asarray, value) for _, value in parts)
    if len({len(array) for array in keras.tree.flatten(arrays)}) > 1:
        raise NotStackable(f"the arrays of `{name}` differ in their number of rows")
    return arrays


def _is_array(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim >= 1 and value.dtype.kind in "biufU"
    named = type(value).__module__.partition(".")[0]
    return named in ("pandas", "tensorflow", "jax", "jaxlib") and hasattr(value, "__array__")


def _split(train: tuple, share: float) -> tuple[tuple, tuple]:
    """The last rows, before any shuffling, as Keras takes them."""
    rows = len(keras.tree.flatten(train[0])[0])
    at = int(rows * (1.0 - share))
    if not 0 < at < rows:
        raise NotStackable(f"`validation_split={share}` leaves train or dev empty")
    cut = keras.tree.map_structure
    return cut(lambda array: array[:at], train), cut(lambda array: array[at:], train)


def _weighted(train: tuple, class_weight: dict) -> tuple:
    if len(train) == 3:
        raise NotStackable("both `class_weight` and `sample_weight` are given to `fit`")
    y = train[1]
    if not isinstance(y, np.ndarray) or y.ndim > 2:
        raise NotStackable("`class_weight` is given for targets that are no plain classes")
    classes = np.argmax(y, axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
    weight = [class_weight.get(int(each), 1.0) for each in classes]
    return (*train, np.array(weight, "float32"))


def _tensors(data: tuple) -> tuple:
    def tensor(array: np.ndarray) -> Any:
        kept = array.astype(keras.config.floatx()) if array.dtype == "float64" else array
        return ops.convert_to_tensor(kept)

    return keras.tree.map_structure(tensor, data)
