"""One table of all seeded faults; a fault is a function with its true causes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from doctor_bench.program import Program
from kerasrecipes.diagnosis import CAUSES

Change = Callable[[Program, np.random.Generator], "Program | None"]


class Fault(NamedTuple):
    """A fault: what it changes, and the causes that a doctor may rightly name for it."""

    name: str
    causes: frozenset[str]
    change: Change


FAULTS: dict[str, Fault] = {}


def fault(*causes: str) -> Callable[[Change], Change]:
    """Registers a function `(program, random) -> program` or `None` where it does not apply."""
    unknown = set(causes) - set(CAUSES)
    if unknown or not causes:
        raise ValueError(
            f"`causes` must be some of {', '.join(CAUSES)}. Received: causes={causes}."
        )

    def register(change: Change) -> Change:
        FAULTS[change.__name__] = Fault(change.__name__, frozenset(causes), change)
        return change

    return register
