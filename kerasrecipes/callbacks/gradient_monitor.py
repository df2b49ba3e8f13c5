"""Gradients and updates of each layer in the running fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras

from kerasrecipes.callbacks.attempts import Attempts
from kerasrecipes.callbacks.running_fit import running_fit
from kerasrecipes.gradients.gradient_tap import GradientTap, TapReading
from kerasrecipes.gradients.looks import ten_per_decade
from kerasrecipes.gradients.tapped_fit import TappedFit

VANISHING = 1e-5  # of the largest gradient norm among the layers
EXPLODING = 1e4


class GradientMonitor(keras.callbacks.Callback):
    """Shows how large the gradients and the updates of each layer are, while it trains.

    ```
    gradient norm = ||g||                             over all weights of the layer
    update ratio = ||w_after - w_before|| / ||w_before||   of its first weight, the kernel
    ```

    An update ratio near 0.001 is usual; far below, the layer hardly learns, and near 1 a step
    throws away what was there. The numbers come from the training step itself, at a schedule of
    steps, without a second pass; the weights are those of a fit without the monitor.

    It says, once in a fit each and with the numbers: that gradients vanish (a layer's norm is less
    than 1e-5 of the largest one), that they explode (a norm above 1e4), and at which step and
    variable NaN or infinity first arose.

    Args:
        when: Takes the number of a step from 0, says whether to look at it. Defaults to
            `ten_per_decade`: steps 0 to 10, then ten between a step and ten times it.
        log: Whether to add `gradient_norm/LAYER` and `update_ratio/LAYER`, those of the last look,
            to the epoch logs. Defaults to `False`.
        sink: Called with each message; `None` for silence. Defaults to `print`.

    Attributes:
        reading: The `TapReading` of this fit so far.
        gradient_norms, update_ratios: Dicts from layer to the number at the last look.
        messages: What has been said in this fit.

    Raises:
        ValueError: If `when` cannot be called.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
        >>> model.compile(keras.optimizers.SGD(0.5), "mse")
        >>> monitor = GradientMonitor(sink=None)
        >>> history = model.fit(
        ...     keras.ops.ones((6, 2)), keras.ops.ones(6), 2, verbose=0, callbacks=[monitor]
        ... )
        >>> list(monitor.gradient_norms), monitor.reading.looks
        (['out'], array([0, 1, 2]))

    Source: Deep Learning Specialization, course 2, "Vanishing / Exploding gradients".
    """

    def __init__(
        self,
        when: Callable[[int], bool] = ten_per_decade,
        log: bool = False,
        sink: Callable[[str], Any] | None = print,
    ) -> None:
        super().__init__()
        if not callable(when):
            raise ValueError(
                "`when` must be a function from the number of a step to whether to look at it. "
                f"Received: when={when!r}. Write `lambda step: step % 50 == 0`."
            )
        self.when, self.log, self.sink = when, log, sink
        self._fit = TappedFit(GradientTap(when))
        self._reset()

    def _reset(self) -> None:
        self.reading: TapReading | None = None
        self.gradient_norms: dict[str, float] = {}
        self.update_ratios: dict[str, float] = {}
        self.messages: list[str] = []
        self._said: set[str] = set()

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Forgets the last fit, and opens the tap on the training step."""
        self._reset()
        running = running_fit(self.model)
        with Attempts(self._say)("gradients"):
            self._fit.begin(self.model, running.token if running else None)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Reads what was seen, says what is wrong with it, and adds it to the logs on request."""
        self._read()
        if self.log and logs is not None:
            logs.update({f"gradient_norm/{k}": v for k, v in self.gradient_norms.items()})
            logs.update({f"update_ratio/{k}": v for k, v in self.update_ratios.items()})

    def on_train_end(self, logs: dict | None = None) -> None:
        """Closes the tap."""
        self._fit.end()
        self._read()

    @property
    def tap(self) -> GradientTap:
        """What listens at the training step."""
        return self._fit.tap

    def get_state(self) -> dict[str, Any]:
        """All that an exact resume needs: plain values, and what the tap saw as arrays."""
        _ = self.model  # on JAX this brings the tap's variables up to date
        return {
            "tap": self._fit.tap.get_state(),
            "has_read": self.reading is not None,
            "messages": list(self.messages),
            "said": sorted(self._said),
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `get_state` returned; call it after `on_train_begin`."""
        self.messages, self._said = list(state["messages"]), set(state["said"])
        self._fit.tap.set_state(state["tap"])
        if state["has_read"]:
            self._keep(self._fit.tap.last_reading())

    def _read(self) -> None:
        reading = self._fit.tap.read()
        self._keep(reading)
        for code, message in judge_gradients(reading, self.gradient_norms):
            if code not in self._said:
                self._said.add(code)
                self._say(message)

    def _keep(self, reading: TapReading) -> None:
        self.reading = reading
        if len(reading.looks):
            inside = f"{self.model.name}/"
            self.gradient_norms = by_layer(reading.gradient_norms, math.hypot, inside)
            self.update_ratios = by_layer(
                reading.update_ratios, lambda kernel, *rest: kernel, inside
            )

    def _say(self, message: str) -> None:
        self.messages.append(message)
        if self.sink is not None:
            self.sink(message)


def by_layer(values: Mapping[str, Any], joined: Callable, inside: str = "") -> dict[str, float]:
    """The last number of each variable, joined by layer; `inside` is taken off the paths.

    Example:
        >>> by_layer({"a/kernel": [9.0, 3.0], "a/bias": [9.0, 4.0]}, math.hypot)
        {'a': 5.0}
    """
    layers: dict[str, list[float]] = {}
    for path, numbers in values.items():
        layer = path.removeprefix(inside).rpartition("/")[0] or path
        layers.setdefault(layer, []).append(float(numbers[-1]))
    return {layer: joined(*numbers) for layer, numbers in layers.items()}


def judge_gradients(reading: TapReading, norms: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """What is wrong with the gradients: pairs of a code and a message.

    Args:
        reading: Of the fit so far.
        norms: Of each layer at the last look.
    """
    if reading.not_finite is not None:
        step, path = reading.not_finite
        yield (
            "not finite",
            (
                f"NaN or infinity first arose at step {step + 1} at {path}. Lower the learning "
                "rate; look for NaN in the data, and for logarithms and roots of 0."
            ),
        )
        return
    if not norms or not all(map(math.isfinite, norms.values())):
        return
    (least, low), (most, high) = (f(norms.items(), key=lambda item: item[1]) for f in (min, max))
    if high > EXPLODING:
        yield (
            "exploding",
            (
                f"Gradients explode: their norm is {high:.3g} at {most}. Use He or Xavier "
                "initialisation, clip the gradients (`clipnorm=1.0`), or lower the learning rate."
            ),
        )
    if low < VANISHING * high:
        yield (
            "vanishing",
            (
                f"Gradients vanish: their norm is {low:.3g} at {least} and {high:.3g} at {most}. "
                "Use ReLU with He initialisation, batch norm, or fewer layers."
            ),
        )
