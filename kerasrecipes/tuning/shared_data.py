"""The training data of a search, read once for all its trials."""

from __future__ import annotations

from typing import Any

from kerasrecipes.stacked import TrainingData, training_data
from kerasrecipes.stacked.training_data import SHARED


class SharedData:
    """Keeps what was read, so that trials with the same arrays share them, and can be grouped."""

    def __init__(self) -> None:
        self._read: list[tuple[dict[str, Any], TrainingData]] = []

    def of(self, arguments: dict[str, Any]) -> TrainingData:
        """The arguments of a `fit` as `training_data` reads them.

        Raises:
            NotStackable: See `training_data`.
        """
        given = {name: arguments[name] for name in SHARED if name in arguments}
        for known, data in self._read:
            if known.keys() == given.keys() and all(_is_same(known[n], given[n]) for n in given):
                return training_data(arguments, read=(data.train, data.dev))
        data = training_data(arguments)
        self._read.append((given, data))
        return data


def _is_same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_is_same, a, b))
    return isinstance(a, float) and isinstance(b, float) and a == b
