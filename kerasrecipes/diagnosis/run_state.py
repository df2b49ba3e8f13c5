"""What was seen of a training as a tree of plain values and arrays, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasrecipes.diagnosis.trace import Run, Skill, Units


def state_of_run(run: Run) -> dict[str, Any]:
    """The run as dicts, tuples, plain values and arrays, all of them copies.

    Example:
        >>> state_of_run(Run(costs=(2.0, 1.0), skill=Skill(0.5)))["skill"]["train"]
        0.5
    """
    return dataclasses.asdict(run)


def run_of_state(state: Mapping[str, Any]) -> Run:
    """The `Run` whose state it is; tuples may have become lists meanwhile.

    Example:
        >>> run_of_state(state_of_run(Run(not_finite=(3, "out/kernel")))).not_finite
        (3, 'out/kernel')
    """
    return Run(
        **{
            **state,
            "costs": tuple(state["costs"]),
            "dev_costs": tuple(state["dev_costs"]),
            "batch_costs": np.array(state["batch_costs"], "float64"),
            "skill_before": _skill(state["skill_before"]),
            "skill": _skill(state["skill"]),
            "gradient_norms": _arrays(state["gradient_norms"]),
            "update_ratios": _arrays(state["update_ratios"]),
            "looks": np.array(state["looks"], dtype=int),
            "not_finite": None if state["not_finite"] is None else tuple(state["not_finite"]),
            "units": {layer: Units(**shares) for layer, shares in state["units"].items()},
        }
    )


def _skill(state: Mapping[str, Any] | None) -> Skill | None:
    return None if state is None else Skill(**state)


def _arrays(values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {path: np.array(numbers, "float32") for path, numbers in values.items()}
