"""The costs of single batches, from the running means that Keras logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

PER_EPOCH = 200
MOST = 2000


class BatchCosts:
    """Means over a few batches each, at most 2,000, from Keras's running mean of an epoch.

    ```
    cost of batches s+1..t = (t * mean_t - s * mean_s) / (t - s)
    ```

    Args:
        steps: Of an epoch, None if unknown: only every `steps / 200`-th is kept.

    Example:
        >>> costs = BatchCosts(steps=3)
        >>> for batch, mean in enumerate([4.0, 3.0, 2.0]):
        ...     costs.note(batch, mean)
        >>> costs.end_epoch()
        >>> costs.values
        array([4., 2., 0.])
    """

    def __init__(self, steps: int | None) -> None:
        self.stride = max(1, (steps or 1) // PER_EPOCH)
        self.values = np.empty(0)
        self._means: list[tuple[int, float]] = []

    def note(self, batch: int, mean: float) -> None:
        """After a batch, in any order: Keras may call from several threads."""
        if (batch + 1) % self.stride == 0 or batch == 0:
            self._means.append((batch + 1, float(mean)))

    def end_epoch(self) -> None:
        """Turns the means of the epoch into costs."""
        means, self._means = sorted(self._means), []
        if not means:
            return
        ends, values = np.array(means, dtype="float64").T
        sums, counts = np.diff(ends * values, prepend=0.0), np.diff(ends, prepend=0.0)
        costs = np.concatenate([self.values, sums / np.maximum(counts, 1.0)])
        self.values = costs[:: -(-len(costs) // MOST)]

    def get_state(self) -> dict[str, Any]:
        """All that a fresh object needs to go on, also in the middle of an epoch."""
        return {"stride": self.stride, "values": self.values.copy(), "means": list(self._means)}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `get_state` returned."""
        self.stride, self.values = state["stride"], np.array(state["values"], "float64")
        self._means = [(int(batches), float(mean)) for batches, mean in state["means"]]
