"""Checks what a search of many trials at once is made with."""

from __future__ import annotations

from typing import Any

import keras_tuner
import numpy as np


def check_numbers(**values: Any) -> None:
    """Raises ValueError unless `members`, `memory_bytes` and `halving` are in their ranges."""
    for name, (least, rule) in {
        "members": (1, "it is how many trials are trained at once"),
        "memory_bytes": (1, "it bounds what a group takes"),
        "halving": (2, "each rung keeps 1 / halving of the members"),
    }.items():
        value = values[name]
        if value is None and name != "members":
            continue
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or value < least:
            raise ValueError(
                f"`{name}` must be a whole number >= {least}: {rule}. Received: {name}={value!r}."
            )


def check_oracle(oracle: Any) -> None:
    """Raises TypeError unless the oracle is one of keras-tuner's kind."""
    if not isinstance(oracle, keras_tuner.Oracle):
        raise TypeError(
            "`oracle` must be a keras_tuner.Oracle, or None for a random search. "
            f"Received: {type(oracle).__name__}. Give its own arguments to the oracle."
        )


def check_objective(objective: Any, oracle: keras_tuner.Oracle) -> None:
    """Raises ValueError unless the objective is the oracle's own, or None."""
    if objective is None:
        return
    own = oracle.objective
    given = objective if isinstance(objective, str) else getattr(objective, "name", objective)
    if isinstance(objective, list) or given == own.name:
        return
    raise ValueError(
        "`objective` must be the oracle's own, or left out. "
        f"Received: objective={given!r}, oracle.objective={own.name!r}."
    )
