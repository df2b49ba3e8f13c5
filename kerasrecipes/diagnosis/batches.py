"""Examples out of a dataset of batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops, tree

MOST_EXAMPLES = 5_000
MOST_NUMBERS = 20_000_000


class Taken(NamedTuple):
    """What was taken of a dataset.

    Attributes:
        parts: Arrays `(x, y)` or `(x, y, sample_weight)`, nested as in a batch.
        batch_size: Examples of the first batch.
        is_whole: Whether that was all of it.
    """

    parts: tuple[Any, ...]
    batch_size: int
    is_whole: bool


def examples_of(batches: Any, name: str) -> Taken:
    """The first examples of a dataset: at most 5,000, and 20 million numbers, in whole batches.

    Args:
        batches: `tf.data.Dataset`, `keras.utils.PyDataset`, `DataLoader` or another iterable of
            batches `(x, y)` or `(x, y, sample_weight)` that can be read again; no more of it is
            read than is taken.
        name: In messages.

    Returns:
        A `Taken`.

    Raises:
        TypeError: If it is no dataset of batches, or a generator, which gives each only once.
        ValueError: If it is empty, holds no targets, or examples of different shapes.
    """
    if not _can_be_read_again(batches):
        raise TypeError(
            f"`{name}` must hold arrays, or be a dataset of batches (x, y) that can be read again. "
            f"Received: {name}={type(batches).__name__}. Take some thousand examples of it and "
            "pass them as arrays."
        )
    taken: list[Any] = []
    examples = numbers = 0
    is_whole = True
    for batch in _each(batches):
        if examples >= MOST_EXAMPLES or numbers >= MOST_NUMBERS:
            is_whole = False
            break
        taken.append(_as_parts(batch, name))
        arrays = tree.flatten(taken[-1])
        examples += len(arrays[0]) if arrays[0].ndim else 0
        numbers += sum(array.size for array in arrays)
    if not examples:
        raise ValueError(f"`{name}` must hold at least one batch. Received: no example in it.")
    shapes = {str([array.shape[1:] for array in tree.flatten(batch)]) for batch in taken}
    if len(shapes) > 1:
        raise ValueError(
            f"Examples of `{name}` must have one shape, to be shuffled anew. Received: batches of "
            f"examples of shapes {' and '.join(sorted(shapes)[:2])}. Pad them alike."
        )
    parts = tree.map_structure(lambda *parts: np.concatenate(parts), *taken)
    return Taken(parts, len(tree.flatten(taken[0])[0]), is_whole)


def _can_be_read_again(batches: Any) -> bool:
    if isinstance(batches, keras.utils.PyDataset):
        return True
    is_plain = isinstance(batches, (str, bytes, list, tuple, dict)) or hasattr(batches, "shape")
    return isinstance(batches, Iterable) and not isinstance(batches, Iterator) and not is_plain


def _each(batches: Any) -> Iterator[Any]:
    """A PyDataset may be endless, and is read by its places."""
    if not isinstance(batches, keras.utils.PyDataset):
        return iter(batches)
    number = batches.num_batches
    places = itertools.count() if number is None else range(number)
    return (batches[place] for place in places)


def _as_parts(batch: Any, name: str) -> tuple[Any, ...]:
    if not (isinstance(batch, (tuple, list)) and len(batch) in (2, 3)):
        raise ValueError(
            f"`{name}` must hold batches (x, y) or (x, y, sample_weight). "
            f"Received: batches of type {type(batch).__name__}."
        )
    return tuple(tree.map_structure(_to_numpy, part) for part in batch if part is not None)


def _to_numpy(array: Any) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(array) if ops.is_tensor(array) else array)
