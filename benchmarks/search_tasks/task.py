"""A search problem in words that every library's own form can be made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras_tuner
import numpy as np

Values = Mapping[str, Any]


class Parameter(NamedTuple):
    """A hyperparameter.

    `kind` is `linear`, `log`, `int`, `power` (powers of two), `ordered` (numbers) or `choice`;
    `values` are the two ends, or all values of the last two. With `parent=(name, values)` it
    exists only where the parent has one of the values.
    """

    name: str
    kind: str
    values: tuple
    parent: tuple[str, tuple] | None = None


class Instance(NamedTuple):
    """One draw of a task: `truth(values, share)` after a share of the training, and its noise."""

    truth: Callable[[Values, float], float]
    noise: float = 0.0

    def score(self, values: Values, share: float, rng: np.random.Generator) -> float:
        """What a trial would report; smaller is better."""
        return float(self.truth(values, share) + self.noise * rng.normal())


class Task(NamedTuple):
    """A space and, for each seed, a function on it; `held_out` from the design of the search."""

    name: str
    parameters: tuple[Parameter, ...]
    make: Callable[[int], Instance]
    held_out: bool

    def hyperparameters(self) -> keras_tuner.HyperParameters:
        """The space as keras-tuner has it."""
        hp = keras_tuner.HyperParameters()
        for parameter in self.parameters:
            if parameter.parent is None:
                register(hp, parameter)
            else:
                with hp.conditional_scope(parameter.parent[0], list(parameter.parent[1])):
                    register(hp, parameter)
        return hp


def register(hp: keras_tuner.HyperParameters, parameter: Parameter) -> None:
    name, kind, values, _ = parameter
    if kind in ("ordered", "choice"):
        hp.Choice(name, list(values), ordered=kind == "ordered")
    elif kind == "int":
        hp.Int(name, *values)
    elif kind == "power":
        hp.Int(name, *values, step=2, sampling="log")
    else:
        hp.Float(name, *values, sampling=kind)


def unit(parameter: Parameter, value: Any) -> float:
    """Where a value lies on [0, 1], on its parameter's own scale."""
    if parameter.kind in ("ordered", "choice"):
        return (parameter.values.index(value) + 0.5) / len(parameter.values)
    low, high = parameter.values
    if parameter.kind in ("log", "power"):
        low, high, value = np.log([low, high, value])
    return float((value - low) / (high - low))
