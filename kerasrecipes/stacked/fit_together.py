"""Fits models of one structure at once, or says that it cannot be."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import keras

from kerasrecipes.stacked.not_stackable import NotStackable
from kerasrecipes.stacked.program import StackedProgram
from kerasrecipes.stacked.structure import structure_of
from kerasrecipes.stacked.train_together import Together, example_of
from kerasrecipes.stacked.training_data import training_data


def fit_together(
    models: Sequence[keras.Model], arguments: dict[str, Any], *, seed: int = 0
) -> list[dict[str, list[float]]]:
    """Trains each model as its own `fit` would, all in one compiled program.

    Args:
        models: Built and compiled. They end with the weights of the last epoch; their optimizers
            stay as they are.
        arguments: Of `fit`, by name.
        seed: Integer >= 0, of the orders of the examples, which all models share.

    Returns:
        For each what `History.history` would hold.

    Raises:
        NotStackable: If they cannot be trained together, or one diverged; all models are as before.
        TypeError: If `fit` does not know one of the arguments.
    """
    inspect.signature(keras.Model.fit).bind(models[0], **arguments)
    data = training_data(arguments)
    if len({structure_of(model) for model in models}) > 1:
        raise NotStackable("they are of different structure")
    try:
        program = StackedProgram(models[0], len(models), example_of(data))
        run = Together(program, models, data, seed=seed)
        list(run.epochs())
    except Exception as error:  # a layer of the user's own may do anything
        raise NotStackable(f"the program of all failed ({why(error)})") from error
    if any(member.died_in_epoch is not None for member in run.members):
        raise NotStackable("the cost of one was no finite number any more")
    for model, member in zip(models, run.members, strict=True):
        model.set_weights(member.weights)
    return [member.history for member in run.members]


def why(error: Exception) -> str:
    """An error in a line: of Keras's own long ones the line in bold, else the first."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()] or [""]
    bold = [line for line in lines if "\x1b[1m" in line]
    line = (bold or lines)[0].replace("\x1b[1m", "").replace("\x1b[0m", "")
    return f"{type(error).__name__}: {line}"
