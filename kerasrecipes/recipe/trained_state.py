"""What a training found as plain values and arrays, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import keras
import numpy as np

from kerasrecipes.diagnosis import ErrorEstimate
from kerasrecipes.gradients import GradientCheck
from kerasrecipes.gradients.result import Element, VariableCheck
from kerasrecipes.recipe.training import Trained

State = dict[str, Any]


def trained_state(trained: Trained) -> State:
    """The weights of a trained network, its optimizer's, and what was measured of it."""
    return {
        "variables": [np.array(keras.ops.convert_to_numpy(v)) for v in _variables(trained.model)],
        "train_error": tuple(trained.train_error),
        "dev_error": tuple(trained.dev_error),
        "dev_cost": trained.dev_cost,
        "learning_rate": trained.learning_rate,
        "curves": {name: list(curve) for name, curve in trained.curves.items()},
        "remarks": list(trained.remarks),
        "best_epoch": trained.best_epoch,
    }


def trained_from(state: State, network: keras.Model) -> Trained:
    """The same again.

    Args:
        state: From `trained_state`.
        network: Built and compiled as the one before; it is given the weights.
    """
    for variable, value in zip(_variables(network), state["variables"], strict=True):
        variable.assign(value)
    return Trained(
        network,
        ErrorEstimate(*state["train_error"]),
        ErrorEstimate(*state["dev_error"]),
        state["dev_cost"],
        state["learning_rate"],
        state["curves"],
        tuple(state["remarks"]),
        state["best_epoch"],
    )


def _variables(network: keras.Model) -> list[Any]:
    optimizer = network.optimizer
    if optimizer is None:
        return list(network.variables)
    if not optimizer.built:
        optimizer.build(network.trainable_variables)
    return [*network.variables, *optimizer.variables]


def check_state(check: GradientCheck | None) -> State | None:
    """A gradient check as plain values."""
    if check is None:
        return None
    plain = {name: getattr(check, name) for name in GradientCheck.__dataclass_fields__}
    return plain | {
        "variables": {name: asdict(row) for name, row in check.variables.items()},
        "worst": [tuple(element) for element in check.worst],
        "kinks": [tuple(element) for element in check.kinks],
    }


def check_from(state: State | None) -> GradientCheck | None:
    """The same again."""
    if state is None:
        return None
    parts = {
        "variables": {name: VariableCheck(**row) for name, row in state["variables"].items()},
        "worst": tuple(Element(*element) for element in state["worst"]),
        "kinks": tuple(Element(*element) for element in state["kinks"]),
    }
    return GradientCheck(**(state | parts))
