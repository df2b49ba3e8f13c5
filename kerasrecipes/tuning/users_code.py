"""Errors of the user's own code, which may raise anything, as one kind of error."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator

import keras_tuner

from kerasrecipes.stacked import NotStackable
from kerasrecipes.tuning.fit_arguments import TrainedItself

ANSWERS = (NotStackable, TrainedItself, keras_tuner.errors.FatalError)
"""What is no failure of a trial, and passes."""


class UsersCodeError(Exception):
    """Says that a `build`, a layer or a cost of the user's own has failed.

    Attributes:
        error: What it raised.
        message: The same with where it was raised, for the trial.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error, self.message = error, traceback.format_exc()


@contextlib.contextmanager
def users_code() -> Iterator[None]:
    """Raises `UsersCodeError` for whatever is raised inside the block, but `ANSWERS`."""
    try:
        yield
    except ANSWERS:
        raise
    except Exception as error:
        raise UsersCodeError(error) from error
