"""Real searches on tables: every setting of a 6-dimensional grid, trained once.

The score is the dev cost: cross-entropy, for `diabetes` the squared error in units of the target's
variance. A setting has the cost of its one training, with all the luck that is in it.
"""

from __future__ import annotations

import numpy as np

from search_tasks.make_tables import (
    BATCHES,
    FOLDER,
    LAYERS,
    ONE_MINUS_BETAS,
    RATES,
    STRENGTHS,
    UNITS,
)
from search_tasks.task import Instance, Parameter, Task, Values

PARAMETERS = (
    Parameter("units", "power", (UNITS[0], UNITS[-1])),
    Parameter("layers", "int", (LAYERS[0], LAYERS[-1])),
    Parameter("batch_size", "power", (BATCHES[0], BATCHES[-1])),
    Parameter("learning_rate", "ordered", RATES),
    Parameter("one_minus_beta", "ordered", ONE_MINUS_BETAS),
    Parameter("l2", "ordered", STRENGTHS),
)
AXES = (UNITS, LAYERS, BATCHES, RATES, ONE_MINUS_BETAS, STRENGTHS)
HELD_OUT = {"digits": False, "diabetes": False, "breast_cancer": True, "mnist10k": True}


def tasks() -> list[Task]:
    """Those whose table is there."""
    return [_task(name) for name in HELD_OUT if (FOLDER / f"{name}.npz").is_file()]


def _task(name: str) -> Task:
    with np.load(FOLDER / f"{name}.npz") as stored:
        costs = stored["costs"]

    def truth(values: Values, share: float) -> float:
        place = [axis.index(values[p.name]) for p, axis in zip(PARAMETERS, AXES, strict=True)]
        stage = 2 if share > 0.5 else 1 if share > 0.2 else 0
        return float(costs[(*place, stage)])

    return Task(f"table of {name}", PARAMETERS, lambda seed: Instance(truth), HELD_OUT[name])
