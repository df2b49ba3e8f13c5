"""Callbacks of a `fit`, for one of many models that are trained together."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import keras

from kerasrecipes.stacked import NotStackable

BY_LOGS = (keras.callbacks.EarlyStopping, keras.callbacks.TerminateOnNaN)
"""Callbacks that need no more of a training than the logs of its epochs."""


def require_by_logs(callbacks: Any) -> None:
    """Raises `NotStackable` if there is a callback that needs a `fit` of its own."""
    if callbacks is None:
        return
    if not isinstance(callbacks, (list, tuple)):
        raise NotStackable("`callbacks` is no list")
    for callback in callbacks:
        if type(callback) not in BY_LOGS:
            raise NotStackable(f"the callback `{type(callback).__name__}` needs a `fit` of its own")


class MemberCallbacks:
    """Copies of callbacks that follow one member by its logs.

    Args:
        callbacks: Such as `require_by_logs` lets pass.
        model: The member. Its weights are not set: the search keeps those of the best epoch.
        epochs: Integer, as given to `fit`.
    """

    def __init__(self, callbacks: Sequence[Any] | None, model: keras.Model, epochs: int) -> None:
        self.model = _StandIn(model)
        self.callbacks = [copy.deepcopy(callback) for callback in callbacks or ()]
        for callback in self.callbacks:
            callback.verbose = 0
            callback.set_params({"epochs": epochs, "verbose": 0})
            callback.set_model(self.model)
            callback.on_train_begin()

    def stops_after(self, epoch: int, logs: dict[str, float]) -> bool:
        """Shows the callbacks the logs of an epoch; whether one of them ends the training."""
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, dict(logs))
        return self.model.stop_training


class _StandIn:
    """As much of a model as callbacks by logs ask for."""

    def __init__(self, model: keras.Model) -> None:
        self.metrics = model.metrics
        self.stop_training = False

    def get_weights(self) -> None:
        return None

    def set_weights(self, weights: Any) -> None:
        return None
