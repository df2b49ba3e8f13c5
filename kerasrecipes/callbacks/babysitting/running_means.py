"""Means over the last batches, from Keras's running means of an epoch."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np


class RunningMeans:
    """Tells what the batches since the last reading were like.

    ```
    mean of batches s+1..t = (t * mean_t - s * mean_s) / (t - s)
    ```

    Keras logs the mean since the epoch began, which hides what happens now. It holds for the cost
    and for metrics that are means; others, such as AUC, are left to the end of the epoch.

    Args:
        names: Of the means among the logs.

    Example:
        >>> means = RunningMeans({"loss"})
        >>> means.read(1, {"loss": 4.0, "auc": 0.5}), means.read(3, {"loss": 2.0, "auc": 0.6})
        ({'loss': 4.0}, {'loss': 1.0})
    """

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self._batches = 0
        self._means: dict[str, float] = {}

    def read(self, batches: int, logs: Mapping[str, Any]) -> dict[str, float]:
        """The means since the last reading; empty if there was no batch.

        Args:
            batches: Done in the epoch.
            logs: After the last of them.
        """
        new = batches - self._batches
        if new <= 0:
            return {}
        means = numbers_of({name: logs[name] for name in logs if name in self.names})
        read = {
            name: (batches * mean - self._batches * self._means.get(name, 0.0)) / new
            for name, mean in means.items()
        }
        self._batches, self._means = batches, means
        return read

    def begin_epoch(self) -> None:
        """Keras begins its means anew."""
        self._batches, self._means = 0, {}

    def get_state(self) -> dict[str, Any]:
        """What was read last."""
        return {"batches": self._batches, "means": dict(self._means)}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `get_state` returned."""
        self._batches, self._means = state["batches"], dict(state["means"])


def numbers_of(logs: Mapping[str, Any]) -> dict[str, float]:
    """The logs that are numbers; of arrays their means. What others wrote there is left out.

    Example:
        >>> numbers_of({"loss": 0.5, "of outputs": [1.0, 2.0], "note": "a text", "rate": None})
        {'loss': 0.5, 'of outputs': 1.5}
    """
    found = {}
    for name, value in logs.items():
        with contextlib.suppress(TypeError, ValueError):  # a text, a dict, nothing
            found[name] = float(np.mean(value))
    return found


def mean_names(model: keras.Model) -> set[str]:
    """The logs of a compiled model that are means over batches.

    Of a `train_step` of the user's that logs the cost of each batch, and never updates Keras's
    mean of it, the cost is not among them.

    Args:
        model: After its first step.
    """
    found = set()
    for metric in model.metrics:
        for each in getattr(metric, "metrics", [metric]):  # compiled ones come in one object
            if isinstance(each, keras.metrics.Mean) and _is_used(each):
                found.add(each.name)
    return found


def _is_used(mean: keras.metrics.Mean) -> bool:
    return bool(keras.ops.convert_to_numpy(mean.count) > 0)
