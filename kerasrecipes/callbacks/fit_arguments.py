"""The data of the running `fit`, which Keras does not show to callbacks."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops, tree


class FitArguments(NamedTuple):
    """What `fit` was given, after `validation_split`.

    Attributes:
        x: Inputs, or a dataset or generator of batches.
        y: Targets, or `None` where `x` holds them.
        validation_data: As given to `fit`, or split off; `None` without.
        callbacks: All callbacks of this `fit`.
    """

    x: Any
    y: Any
    validation_data: Any
    callbacks: tuple[keras.callbacks.Callback, ...]


def fit_arguments(model: keras.Model) -> FitArguments | None:
    """The arguments of the `fit` of `model` that is running, or `None` outside of one.

    Keras passes callbacks no data. They are read off the frame of `Model.fit`, by the names of its
    public parameters, so that a callback needs no second copy of what `fit` already has.
    """
    frame: FrameType | None = sys._getframe()
    while frame := frame.f_back if frame else None:
        names = frame.f_locals
        if frame.f_code.co_name == "fit" and names.get("self") is model and "x" in names:
            callbacks = names.get("callbacks")
            listed = getattr(callbacks, "callbacks", callbacks)
            return FitArguments(
                names["x"], names.get("y"), names.get("validation_data"), tuple(listed or ())
            )
    return None


def sample_examples(x: Any, y: Any, count: int, seed: int = 0) -> tuple[Any, Any] | None:
    """A fixed sample of at most `count` examples, as NumPy arrays.

    Args:
        x: Arrays (or a list or dict of them), or a dataset of `(x, y)` batches that can be read
            again: `tf.data.Dataset`, `keras.utils.PyDataset`, a `DataLoader`, a list of batches.
        y: Targets, or `None` where `x` is a dataset.
        count: Largest number of examples, >= 1.
        seed: Of the choice among arrays; of a dataset the first batches are taken.

    Returns:
        `(x, y)`, or `None` for a generator: it can be read only once, and `fit` needs it.
    """
    if y is not None:
        total = len(tree.flatten(y)[0])
        chosen = np.sort(np.random.default_rng(seed).permutation(total)[:count])
        return _rows(x, chosen), _rows(y, chosen)
    if isinstance(x, Iterator) or not (isinstance(x, Iterable) or hasattr(x, "__getitem__")):
        return None
    batches, taken = [], 0
    for batch in _batches(x):
        batches.append(tree.map_structure(_to_numpy, tuple(batch[:2])))
        taken += len(tree.flatten(batches[-1])[0])
        if taken >= count:
            break
    x, y = tree.map_structure(lambda *parts: np.concatenate(parts)[:count], *batches)
    return x, y


def _batches(dataset: Any) -> Iterator[Any]:
    if isinstance(dataset, keras.utils.PyDataset):
        return (dataset[i] for i in range(dataset.num_batches))
    return iter(dataset)


def _rows(arrays: Any, chosen: np.ndarray) -> Any:
    return tree.map_structure(lambda array: _to_numpy(array)[chosen], arrays)


def _to_numpy(array: Any) -> np.ndarray:
    return ops.convert_to_numpy(array) if ops.is_tensor(array) else np.asarray(array)
