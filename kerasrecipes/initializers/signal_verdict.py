"""What the scales of activations and gradients by depth amount to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kerasrecipes.initializers.remedies import Remedy

STABLE_RATES = (0.9, 1.1)
HARMLESS_CHANGE = 10.0


class LayerSignal(NamedTuple):
    """The scale at one layer: its name, deviation of its output, and of the gradient there."""

    layer: str
    activation_std: float
    gradient_std: float


class SignalRate(NamedTuple):
    """Factor per layer: of activations on the way forward, of gradients on the way back."""

    activation: float
    gradient: float


class SignalPropagation(NamedTuple):
    """What `signal_propagation` found.

    Attributes:
        rows: One `LayerSignal` for each call of a layer with a matrix of weights, in order of
            execution.
        rate: The geometric rates per layer, fitted over the hidden layers that have a signal.
        verdict: `"vanishing"`, `"stable"` or `"exploding"`.
        advice: What to do about it, in words.
        remedies: The initializers that would mend it, one for each kind of hidden layer and
            activation; empty if it is stable or batch norm leaves them no say.
    """

    rows: tuple[LayerSignal, ...]
    rate: SignalRate
    verdict: str
    advice: str
    remedies: tuple[Remedy, ...] = ()

    def __str__(self) -> str:
        width = max(len("rate per layer"), *(len(row.layer) for row in self.rows))
        lines = [f"{'layer':<{width}}  activation std  gradient std"]
        for name, activation, gradient in self.rows:
            lines.append(f"{name:<{width}}  {activation:>14.3g}  {gradient:>12.3g}")
        lines.append(f"{'rate per layer':<{width}}  {self.rate[0]:>14.3g}  {self.rate[1]:>12.3g}")
        return "\n".join([*lines, f"{self.verdict}: {self.advice}"])


def judge(
    rows: Sequence[LayerSignal],
    hidden: Sequence[int],
    remedies: tuple[Remedy, ...],
    normalized: bool = False,
) -> SignalPropagation:
    """The rates over the hidden rows, the verdict and the advice.

    Args:
        rows: All layers, in order of execution.
        hidden: Numbers of the rows to fit the rates over; two or more.
        remedies: What would mend the hidden layers.
        normalized: Whether batch norm stands between them.

    Example:
        >>> rows = [LayerSignal(name, 0.5**i, 1.0) for i, name in enumerate("abcdef")]
        >>> found = judge(rows, range(6), (Remedy("Dense with relu", "kernel_initializer=He()"),))
        >>> found.verdict, found.rate.activation
        ('vanishing', 0.5)
    """
    activations = [rows[i].activation_std for i in hidden]
    gradients = [rows[i].gradient_std for i in reversed(hidden)]
    rate = SignalRate(_rate(activations), _rate(gradients))
    verdict = _verdict(rate, activations + gradients, steps=len(hidden) - 1)
    if verdict == "stable":
        return SignalPropagation(tuple(rows), rate, verdict, "nothing to mend.")
    if normalized and STABLE_RATES[0] <= rate.activation <= STABLE_RATES[1]:
        advice = (
            "batch norm sets the scale of the activations whatever the initializer, and its own "
            "derivative makes the gradient grow (by 1.21 a layer with ReLU). Skip connections or "
            "fewer layers hold it."
        )
        return SignalPropagation(tuple(rows), rate, verdict, advice)
    advice = (
        f"initialise {'; '.join(map(str, remedies))}. If that does not hold the scale, as with "
        "skip connections or odd inputs, unit_variance(model, x) measures it instead of assuming "
        "it."
    )
    return SignalPropagation(tuple(rows), rate, verdict, advice, remedies)


def _rate(stds: list[float]) -> float:
    """Of the layers that have a signal; of fewer than two, 0 or infinity."""
    alive = [i for i, std in enumerate(stds) if 0 < std < math.inf]
    if len(alive) < 2:
        return math.inf if math.inf in stds else 0.0
    slope = np.polyfit(alive, np.log([stds[i] for i in alive]), 1)[0]
    return round(float(np.exp(slope)), 12)


def _verdict(rate: SignalRate, stds: list[float], steps: int) -> str:
    """The verdict on the rate farther from 1, unless the scale is lost altogether."""
    if math.inf in stds:
        return "exploding"
    if min(stds) == 0.0:
        return "vanishing"
    worst = max(rate, key=lambda factor: abs(math.log(factor)))
    change = abs(math.log(worst)) * steps
    if STABLE_RATES[0] <= worst <= STABLE_RATES[1] or change < math.log(HARMLESS_CHANGE):
        return "stable"
    return "vanishing" if worst < 1 else "exploding"
