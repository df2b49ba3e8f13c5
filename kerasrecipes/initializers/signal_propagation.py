"""How the scale of activations and of gradients changes with depth."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes import backend
from kerasrecipes.initializers.layer_calls import (
    as_tensors,
    inner_layers,
    intercepted_calls,
    is_closed,
)
from kerasrecipes.initializers.matching_initializer import matching_initializer

_STABLE_RATES = (0.9, 1.1)
_HARMLESS_CHANGE = 10.0
_TINY = 1e-45


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
        rows: One `LayerSignal` for each layer with a matrix of weights, in order of execution.
        rate: The geometric rates per layer, fitted over the hidden layers.
        verdict: `"vanishing"`, `"stable"` or `"exploding"`.
        advice: What to do about it, in words.
    """

    rows: tuple[LayerSignal, ...]
    rate: SignalRate
    verdict: str
    advice: str

    def __str__(self) -> str:
        width = max(len("layer"), *(len(row.layer) for row in self.rows))
        lines = [f"{'layer':<{width}}  activation std  gradient std"]
        for name, activation, gradient in self.rows:
            lines.append(f"{name:<{width}}  {activation:>14.3g}  {gradient:>12.3g}")
        lines.append(f"{'rate per layer':<{width}}  {self.rate[0]:>14.3g}  {self.rate[1]:>12.3g}")
        return "\n".join([*lines, f"{self.verdict}: {self.advice}"])


def signal_propagation(
    model: keras.Model, x: Any, y: Any = None, *, seed: int = 0
) -> SignalPropagation:
    """Measures the scale of activations and gradients by depth, and says how it develops.

    ```
    rate = exp(slope of log(std) over the layers)     # 1 is ideal; r^L after L layers
    ```

    A row is a layer with a matrix of weights (Dense, convolution, embedding, a recurrent or
    attention layer as a whole); its activation is its output, after the layer's own activation
    function. Gradients are those of the compiled cost if `y` is given, else of a random
    projection of the outputs. The rates are fitted over the hidden layers, because the output
    layer has a scale of its own. The verdict is `stable` if both rates are in 0.9 to 1.1, or the
    whole way through the network changes the scale by less than 10.

    The model runs in inference mode on all of `x` at once, twice forward and once backward, and
    is left untouched. A hundred standardised examples are enough.

    Args:
        model: A Keras model.
        x: Inputs: an array or a nested structure of arrays, `(examples, ...)`.
        y: Targets, if the gradients shall be those of the compiled cost. Defaults to `None`.
        seed: Integer, seed of the random projection. Defaults to `0`.

    Returns:
        A `SignalPropagation`; print it for a table.

    Raises:
        ValueError: If `y` is given to a model that is not compiled, or the model has fewer than
            two layers with weights.

    Example:
        >>> layers = [keras.layers.Dense(100, kernel_initializer=keras.initializers.RandomNormal(
        ...     stddev=0.05, seed=i)) for i in range(10)]  # half of Xavier's 0.1
        >>> model = keras.Sequential([keras.Input((100,)), *layers])
        >>> found = signal_propagation(model, np.random.default_rng(0).normal(size=(64, 100)))
        >>> found.verdict, round(found.rate.activation, 1)
        ('vanishing', 0.5)

    Source: Deep Learning Specialization, course 2, week 1 ("vanishing/exploding gradients").
    """
    x = as_tensors(x)
    if not model.built:
        model(x, training=False)
    if y is not None and not model.compiled:
        raise ValueError(
            "`y` needs a compiled model, whose cost it enters. Received: y for the model "
            f"`{model.name}`, not compiled. Call model.compile(loss=...) or leave `y` out."
        )
    names, activations = _record(model, x)
    if len(names) < 2:
        raise ValueError(
            "`model` must have at least two layers with weights: a rate needs two points. "
            f"Received: {len(names)} in model `{model.name}`."
        )
    cost = _cost(model, x, y) if y is not None else _projection(seed)
    gradients = _gradients(model, x, cost, activations)
    rows = tuple(map(LayerSignal, names, map(_std, activations), map(_std, gradients)))
    return _judged(rows, matching_initializer(model))


def _measured(model: keras.Model) -> list[keras.Layer]:
    return [layer for layer in inner_layers(model) if is_closed(layer) or _owns_matrix(layer)]


def _owns_matrix(layer: keras.Layer) -> bool:
    inner = layer._flatten_layers(include_self=False, recursive=False)
    foreign = {id(weight) for part in inner for weight in part.weights}
    return any(len(weight.shape) >= 2 and id(weight) not in foreign for weight in layer.weights)


def _record(model: keras.Model, x: Any) -> tuple[list[str], list[Any]]:
    names, activations = [], []

    def record(layer, call, *args, **kwargs):
        outputs = call(*args, **kwargs)
        names.append((layer.path or layer.name).removeprefix(f"{model.name}/"))
        activations.append(keras.tree.flatten(outputs)[0])
        return outputs

    with intercepted_calls(_measured(model), record), keras.StatelessScope():
        model(x, training=False)
    return [_numbered(names, index) for index in range(len(names))], activations


def _numbered(names: list[str], index: int) -> str:
    earlier = names[:index].count(names[index])
    return f"{names[index]} (call {earlier + 1})" if earlier else names[index]


def _gradients(model: keras.Model, x: Any, cost: Callable, activations: list) -> list:
    """Gradients at the activations, which are those at zeros added to them."""

    def cost_of_probes(probes: list) -> Any:
        calls = itertools.count()

        def add_probe(layer, call, *args, **kwargs):
            outputs = call(*args, **kwargs)
            first, *rest = keras.tree.flatten(outputs)
            return keras.tree.pack_sequence_as(outputs, [first + probes[next(calls)], *rest])

        with intercepted_calls(_measured(model), add_probe), keras.StatelessScope():
            return cost(model(x, training=False))

    probes = [keras.ops.zeros_like(activation) for activation in activations]
    return backend.value_and_gradients(cost_of_probes, probes)[1]


def _cost(model: keras.Model, x: Any, y: Any) -> Callable:
    y = as_tensors(y)
    return lambda outputs: model.compute_loss(x=x, y=y, y_pred=outputs, training=False)


def _projection(seed: int) -> Callable:
    def project(outputs: Any) -> Any:
        draw = np.random.default_rng(seed).standard_normal
        return sum(
            keras.ops.sum(keras.ops.cast(output, "float32") * draw(output.shape).astype("float32"))
            for output in keras.tree.flatten(outputs)
        )

    return project


def _std(tensor: Any) -> float:
    values = keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32")).astype("float64")
    return float(values.std()) if np.all(np.isfinite(values)) else math.inf


def _judged(rows: tuple[LayerSignal, ...], initializer: str) -> SignalPropagation:
    hidden = rows[:-1] if len(rows) > 2 else rows
    activations = [row.activation_std for row in hidden]
    gradients = [row.gradient_std for row in reversed(hidden)]
    rate = SignalRate(_rate(activations), _rate(gradients))
    verdict = _verdict(rate, activations + gradients, steps=len(hidden) - 1)
    if verdict == "stable":
        return SignalPropagation(rows, rate, verdict, "nothing to mend.")
    advice = (
        f"initialise the hidden layers with {initializer}; if that does not hold the scale, "
        "unit_variance(model, x) measures it instead of assuming it."
    )
    return SignalPropagation(rows, rate, verdict, advice)


def _rate(stds: list[float]) -> float:
    logs = np.log(np.clip(stds, _TINY, 1.0 / _TINY))
    return float(np.exp(np.polyfit(np.arange(len(logs)), logs, 1)[0]))


def _verdict(rate: SignalRate, stds: list[float], steps: int) -> str:
    """The verdict on the rate farther from 1, unless the scale is lost altogether."""
    if not all(map(math.isfinite, stds)):
        return "exploding"
    if min(stds) == 0.0:
        return "vanishing"
    worst = max(rate, key=lambda factor: abs(math.log(factor)))
    change = abs(math.log(worst)) * steps
    if _STABLE_RATES[0] <= worst <= _STABLE_RATES[1] or change < math.log(_HARMLESS_CHANGE):
        return "stable"
    return "vanishing" if worst < 1 else "exploding"
