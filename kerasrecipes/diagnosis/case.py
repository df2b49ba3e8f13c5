"""One program on its data, as it is trained aside."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes.diagnosis.collect import rows_of
from kerasrecipes.diagnosis.trace import Program

MOST_EXAMPLES = 20_000  # to train on
MOST_NUMBERS = 50_000_000  # in the inputs: 200 MB
SOME_EXAMPLES = 256  # to look at layer by layer


@dataclass(frozen=True)
class Case:
    """A program, its data, and how it is trained.

    Attributes:
        model: The user's; read, never changed.
        program: Facts on it.
        train: Arrays `(x, y)`, a sample of large sets.
        dev: The same of what is held out, or None.
        examples: In the whole training set.
        seed: Of the orders and of what is drawn.
        weights: What each example of `train` counts in the cost; None for all alike.
    """

    model: keras.Model
    program: Program
    train: tuple[Any, Any]
    dev: tuple[Any, Any] | None
    examples: int
    seed: int = 0
    weights: Any = None

    @property
    def steps_per_epoch(self) -> int:
        """As in the user's own `fit`."""
        return math.ceil(self.examples / self.program.batch_size)

    @property
    def steps(self) -> int:
        """As in the user's own `fit`."""
        return self.steps_per_epoch * self.program.epochs

    def some(self) -> tuple[Any, Any]:
        """A few training examples to look at."""
        return sampled(*self.train, SOME_EXAMPLES)


def as_arrays(values: Any) -> Any:
    """NumPy arrays of arrays, tensors and tables, nested as they are; floats as Keras has them."""

    def convert(item: Any) -> np.ndarray:
        item = item.to_numpy() if hasattr(item, "to_numpy") else item
        array = np.asarray(ops.convert_to_numpy(item) if ops.is_tensor(item) else item)
        return array.astype(keras.config.floatx()) if array.dtype == "float64" else array

    return tree.map_structure(convert, values)


def sampled(x: Any, y: Any, most: int = MOST_EXAMPLES) -> tuple[Any, Any]:
    """At most so many examples, drawn at random and kept in their order."""
    first = tree.flatten(x)[0]
    size = sum(max(1, array[:1].size) for array in tree.flatten(x))
    rows = rows_of(first, max(1, min(most, MOST_NUMBERS // size)))
    if len(rows) == len(first):
        return x, y
    return tree.map_structure(lambda array: array[rows], (x, y))
