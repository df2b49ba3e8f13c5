"""The data of the running `fit`, which Keras does not show to callbacks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes.callbacks.running_fit import running_fit


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
    """The arguments of the `fit` of `model` that is running, or `None` outside of one."""
    running = running_fit(model)
    if running is None:
        return None
    given = running.given
    return FitArguments(given["x"], given.get("y"), given.get("validation_data"), running.callbacks)


def sample_examples(x: Any, y: Any, count: int, seed: int = 0) -> tuple[Any, Any] | None:
    """A fixed sample of at most `count` examples, as NumPy arrays.

    Args:
        x: Arrays (or a list or dict of them), or a dataset of `(x, y)` batches that can be read
            again: `tf.data.Dataset`, `keras.utils.PyDataset`, a `DataLoader`.
        y: Targets, or `None` where `x` is a dataset.
        count: Largest number of examples, >= 1.
        seed: Of the choice among arrays and among the batches of a `PyDataset`; of another dataset
            the first batches are taken.

    Returns:
        `(x, y)`, or `None` for a generator: it can be read only once, and `fit` needs it.

    Raises:
        ValueError: If there are no targets or no examples, or batches differ in shape.
    """
    generator = np.random.default_rng(seed)
    if y is not None:
        total = len(tree.flatten(y)[0])
        chosen = np.sort(generator.permutation(total)[:count])
        return _rows(x, chosen), _rows(y, chosen)
    if isinstance(x, Iterator):
        return None
    if isinstance(x, (list, tuple, dict)) or hasattr(x, "shape"):
        raise ValueError(
            "`y` must be given beside arrays: errors are measured against targets. "
            f"Received: x of type {type(x).__name__}, y=None."
        )
    batches, taken = [], 0
    for batch in _batches(x, generator):
        batches.append(_as_pair(batch))
        taken += len(tree.flatten(batches[-1])[0])
        if taken >= count:
            break
    return _joined(batches, count)


def _batches(dataset: Any, generator: np.random.Generator) -> Iterator[Any]:
    if not isinstance(dataset, keras.utils.PyDataset):
        return iter(dataset)
    total = dataset.num_batches
    places = itertools.count() if total is None else generator.permutation(total)
    return (dataset[int(place)] for place in places)


def _as_pair(batch: Any) -> tuple[Any, Any]:
    if not (isinstance(batch, (tuple, list)) and len(batch) >= 2):
        raise ValueError(
            "A dataset must hold batches (x, y): errors are measured against targets. "
            f"Received: batches of type {type(batch).__name__}."
        )
    x, y = (tree.map_structure(_to_numpy, part) for part in batch[:2])
    return x, y


def _joined(batches: list[tuple[Any, Any]], count: int) -> tuple[Any, Any]:
    if not batches:
        raise ValueError("A dataset must hold at least one batch. Received: no batch.")
    shapes = [[array.shape[1:] for array in tree.flatten(batch)] for batch in batches]
    for shape in shapes:
        if shape != shapes[0]:
            raise ValueError(
                "Batches must have one shape to be sampled from. Received: batches of examples of "
                f"shapes {shapes[0]} and {shape}. Pad them alike, or pass arrays to the callback."
            )
    x, y = tree.map_structure(lambda *parts: np.concatenate(parts)[:count], *batches)
    return x, y


def _rows(arrays: Any, chosen: np.ndarray) -> Any:
    return tree.map_structure(lambda array: _to_numpy(array)[chosen], arrays)


def _to_numpy(array: Any) -> np.ndarray:
    return ops.convert_to_numpy(array) if ops.is_tensor(array) else np.asarray(array)
