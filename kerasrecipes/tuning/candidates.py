"""Models to be trained together: built, their structure read, and put into groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from kerasrecipes.data.memory import available_memory
from kerasrecipes.stacked import TrainingData

FLOAT_BYTES = 4
COPIES = 9
"""Of its weights that a member takes: model, stack, gradient, optimizer, the best, results."""
PASSES = 3
"""Of its activations: forward, backward, and what lies between operations."""
MEMORY_SHARE = 0.5
"""Of the free memory that a search takes where it is not told how much."""


@dataclass
class Candidate:
    """One model of a trial, ready to be trained.

    Attributes:
        trial: The trial it belongs to.
        model: Built and compiled.
        data: What it is trained on.
        structure: See `structure_of`.
        callbacks: As given to `fit`.
    """

    trial: Any
    model: keras.Model
    data: TrainingData
    structure: str
    callbacks: Sequence[Any] = field(default_factory=tuple)

    @property
    def key(self) -> tuple:
        """The same for candidates that can be trained together."""
        data = self.data
        settings = (
            data.batch_size,
            data.dev_batch_size,
            data.initial_epoch,
            data.epochs,
            data.shuffle,
        )
        return (self.structure, id(data.train), id(data.dev), *settings)

    @property
    def bytes(self) -> int:
        """About what training it takes."""
        weights = sum(int(np.prod(variable.shape)) for variable in self.model.variables)
        activations = sum(_size_of(layer) for layer in self.model.layers) * self.data.batch_size
        return FLOAT_BYTES * (COPIES * weights + PASSES * activations)


def groups_of(candidates: Iterable[Candidate]) -> list[list[Candidate]]:
    """Those that can be trained together, in the order in which they came."""
    groups: dict[tuple, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.key, []).append(candidate)
    return list(groups.values())


def chunks_of(group: Sequence[Candidate], most: int, memory_bytes: int) -> list[list[Candidate]]:
    """The group in parts of about one size that fit the memory, of `most` members at most."""
    fitting = max(1, min(most, memory_bytes // max(1, group[0].bytes)))
    count = -(-len(group) // fitting)
    size = -(-len(group) // count)
    return [list(group[start : start + size]) for start in range(0, len(group), size)]


def memory_for_search(memory_bytes: int | None) -> int:
    """What was given, or half of what is free; 1 GB where the system does not tell."""
    if memory_bytes is not None:
        return memory_bytes
    available = available_memory()
    return int(MEMORY_SHARE * available) if available is not None else 10**9


def _size_of(layer: keras.Layer) -> int:
    try:
        shapes = keras.tree.flatten(layer.output)
    except (AttributeError, ValueError):  # it was called more than once, or never by name
        return 0
    return sum(int(np.prod([size or 1 for size in tensor.shape[1:]])) for tensor in shapes)
