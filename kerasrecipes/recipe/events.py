"""What the recipe tells while it runs; a display listens, the recipe does not know it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from kerasrecipes.recipe.result import RecipeStep


class RunBegun(NamedTuple):
    """A run has its directory, where what is done is kept from here on."""

    directory: Path


class StepStarted(NamedTuple):
    """A training begins."""

    number: int
    name: str
    reason: str
    epochs: int


class EpochDone(NamedTuple):
    """An epoch of the running training has ended."""

    number: int
    epoch: int
    epochs: int
    train_cost: float
    dev_cost: float


class StepDone(NamedTuple):
    """A training has been measured, and kept or not."""

    step: RecipeStep


class Said(NamedTuple):
    """A remark worth a line."""

    text: str


Event = RunBegun | StepStarted | EpochDone | StepDone | Said
