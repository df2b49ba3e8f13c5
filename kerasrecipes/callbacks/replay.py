"""A running fit brought to a later place of its data, without training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras

from kerasrecipes.checkpoints.model_state import is_built


class Place(NamedTuple):
    """A boundary in a fit.

    Attributes:
        epoch: From 0.
        batch: The batch that is next, from 0; None at the end of the epoch, after its validation.
    """

    epoch: int
    batch: int | None

    def __str__(self) -> str:
        if self.batch is None:
            return f"the end of epoch {self.epoch + 1}"
        return f"batch {self.batch + 1} of epoch {self.epoch + 1}"


class Replay:
    """Has a `fit` draw its batches, those of validation too, and do nothing with them.

    A dataset has state that only drawing from it brings about: orders shuffled anew in each epoch,
    generators that are used up, augmentation with random numbers of its own. So a fit that goes on
    where another broke off first runs its own loop over the same data as the other did, with steps
    that only take their batches. Of a model that is not built yet the first step is a true one, for
    it makes the variables; what it did to them is put back with everything else.

    Args:
        model: Whose `fit` is running, before its first epoch.
        logs: What the last step before the place returned.
        is_wanted: Whether that `fit` still runs. Where it was broken off, and a traceback keeps it,
            the model is in other hands, and takes its own steps from then on.
    """

    def __init__(
        self, model: keras.Model, logs: Mapping[str, float], is_wanted: Callable[[], bool]
    ) -> None:
        self.model, self.is_wanted = model, is_wanted
        self._logs = dict(logs)
        self._kept = (model.train_function, model.test_function)
        self._is_first_over = False
        model.train_function = self._step
        model.test_function = self._test_step
        # Keras's own asks metrics for their results, which they have only once they were updated.
        model._get_metrics_result_or_logs = lambda logs: logs

    def end(self) -> None:
        """Gives the model its own steps back."""
        self.model.train_function, self.model.test_function = self._kept
        vars(self.model).pop("_get_metrics_result_or_logs", None)

    def _step(self, *arguments: Any) -> Any:
        if not self.is_wanted():
            self.end()
            return self.model.train_function(*arguments)
        if not self._is_first_over:
            self._is_first_over = True
            if not is_built(self.model):  # or there is nothing to restore into
                return self._kept[0](*arguments)
        *state, batches = arguments  # on JAX the state of the model goes through each step
        self._take(batches)
        return self._result(state, self._logs)

    def _test_step(self, *arguments: Any) -> Any:
        if not self.is_wanted():
            self.end()
            self.model.make_test_function()
            return self.model.test_function(*arguments)
        *state, batches = arguments
        self._take(batches)
        return self._result(state, {})

    def _take(self, batches: Any) -> None:
        """Takes what a step would.

        Raises:
            StopIteration: If there is none left.
        """
        if isinstance(batches, (list, tuple)):  # taken already
            return
        next(batches)
        for _ in range(self.model.steps_per_execution - 1):
            if next(batches, None) is None:
                break

    @staticmethod
    def _result(state: list[Any], logs: dict[str, float]) -> Any:
        return (logs, *state) if state else logs
