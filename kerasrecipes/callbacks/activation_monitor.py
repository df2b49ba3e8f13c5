"""Dead and saturated units of each layer in the running fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras

from kerasrecipes.diagnosis.layer_outputs import unit_states
from kerasrecipes.diagnosis.trace import Units


class ActivationMonitor(keras.callbacks.Callback):
    """Counts, after each epoch, the hidden units that do nothing on a few examples.

    A unit of a ReLU layer that is 0 for every example gets no gradient: it is dead. One of a tanh
    or sigmoid layer hardly gets one from an example where its curve is flat (below 4 % of its
    largest slope): it is saturated there. It says once for each layer when more than `limit` of
    its units are dead, or saturated over units and examples.

    Args:
        x_probe: Inputs as the model takes them, some hundred examples.
        limit: Float in (0, 1], largest share of dead or saturated units that is not told. Defaults
            to `0.5`.
        log: Whether to add `dead/LAYER` and `saturated/LAYER` to the epoch logs. Defaults to
            `False`.
        sink: Called with each message; `None` for silence. Defaults to `print`.

    Attributes:
        units: Dict from layer to its `Units` now: shares `dead` and `saturated`.
        history: List of such dicts over the epochs.
        messages: What has been said in this fit.

    Raises:
        ValueError: If `limit` is out of its range.

    Example:
        >>> monitor = ActivationMonitor(keras.ops.ones((4, 1)), sink=None)
        >>> hidden = keras.layers.Dense(3, "relu", kernel_initializer="ones", name="hidden")
        >>> monitor.set_model(keras.Sequential([keras.Input((1,)), hidden, keras.layers.Dense(1)]))
        >>> monitor.on_train_begin()
        >>> monitor.on_epoch_end(0)
        >>> monitor.units
        {'hidden': Units(dead=0.0, saturated=0.0)}

    Source: Deep Learning Specialization, course 1, "Activation functions".
    """

    def __init__(
        self,
        x_probe: Any,
        limit: float = 0.5,
        log: bool = False,
        sink: Callable[[str], Any] | None = print,
    ) -> None:
        super().__init__()
        if not 0 < limit <= 1:
            raise ValueError(
                "`limit` must be a share of units in (0, 1]. "
                f"Received: limit={limit}. The default is 0.5."
            )
        self.x_probe, self.limit, self.log, self.sink = x_probe, limit, log, sink
        self.on_train_begin()

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Forgets the last fit."""
        self.units: dict[str, Units] = {}
        self.history: list[dict[str, Units]] = []
        self.messages: list[str] = []
        self._said: set[str] = set()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Counts, says what is wrong, and adds the shares to the logs on request."""
        with keras.StatelessScope():  # the state of a stateful layer stays as it is
            self.units = unit_states(self.model, self.x_probe)
        self.history.append(self.units)
        for layer, message in judge_units(self.units, self.limit):
            if layer not in self._said:
                self._said.add(layer)
                self.messages.append(message)
                if self.sink is not None:
                    self.sink(message)
        if self.log and logs is not None:
            for layer, units in self.units.items():
                logs[f"dead/{layer}"], logs[f"saturated/{layer}"] = units.dead, units.saturated

    def get_state(self) -> dict[str, Any]:
        """All that an exact resume needs, as plain values."""
        return {
            "history": [
                {layer: [units.dead, units.saturated] for layer, units in epoch.items()}
                for epoch in self.history
            ],
            "messages": list(self.messages),
            "said": sorted(self._said),
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `get_state` returned; call it after `on_train_begin`."""
        self.history = [
            {layer: Units(*shares) for layer, shares in epoch.items()} for epoch in state["history"]
        ]
        self.units = self.history[-1] if self.history else {}
        self.messages, self._said = list(state["messages"]), set(state["said"])


def judge_units(units: Mapping[str, Units], limit: float) -> Iterator[tuple[str, str]]:
    """What is wrong with hidden units: pairs of a layer and a message.

    Example:
        >>> for layer, message in judge_units({"a": Units(0.75, 0.0)}, 0.5):
        ...     print(message)
        75 % of the units of a are dead: 0 for every example. Lower the learning rate, or use ...
    """
    for layer, shares in units.items():
        if shares.dead > limit:
            yield (
                layer,
                f"{100 * shares.dead:.0f} % of the units of {layer} are dead: 0 for every example. "
                "Lower the learning rate, or use He initialisation or leaky ReLU.",
            )
        elif shares.saturated > limit:
            yield (
                layer,
                f"{100 * shares.saturated:.0f} % of the units of {layer} are saturated: their "
                "curve is flat there. Standardise the inputs, use smaller initial weights or ReLU.",
            )
