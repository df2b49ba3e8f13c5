"""How the scale of activations and of gradients changes with depth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes import backend
from kerasrecipes.initializers.layer_calls import layer_name
from kerasrecipes.initializers.model_inputs import checked_inputs
from kerasrecipes.initializers.remedies import is_activation, remedies
from kerasrecipes.initializers.signal_trace import Call, is_float, std, trace_signal
from kerasrecipes.initializers.signal_verdict import LayerSignal, SignalPropagation, judge


def signal_propagation(
    model: keras.Model, x: Any, y: Any = None, *, seed: int = 0
) -> SignalPropagation:
    """Measures the scale of activations and gradients by depth, and says how it develops.

    ```
    rate = exp(slope of log(std) over the layers)     # 1 is ideal; r^L after L layers
    ```

    A row is a call of a layer with a matrix of weights (Dense, convolution, embedding, a recurrent
    or attention layer as a whole); its activation is its output, after the layer's own activation
    function. Gradients are those of the compiled cost if `y` is given, else of a random
    projection of the outputs. The rates are fitted over the hidden layers, because output layers
    have a scale of their own. The verdict is `stable` if both rates are in 0.9 to 1.1, or the
    whole way through the network changes the scale by less than 10. A scale that overflows is
    `exploding`, one that is exactly 0 `vanishing`.

    The model runs once forward and once backward on all of `x`, without dropout, and with batch
    norm on the statistics of `x`, as training has it. It is left untouched. A hundred standardised
    examples are enough.

    Args:
        model: A built Keras model.
        x: Inputs: an array or a nested structure of arrays, `(examples, ...)`.
        y: Targets, if the gradients shall be those of the compiled cost. Defaults to `None`.
        seed: Integer, seed of the random projection. Defaults to `0`.

    Returns:
        A `SignalPropagation`; print it for a table.

    Raises:
        ValueError: If the model is not built or has fewer than two layers with floating-point
            weights, `x` is empty, not finite or does not fit, weights are not finite, a layer
            turns finite numbers into NaN, `y` does not fit, or `y` is given to a model without a
            compiled cost.

    Example:
        >>> layers = [keras.layers.Dense(100, kernel_initializer=keras.initializers.RandomNormal(
        ...     stddev=0.05, seed=i)) for i in range(10)]  # half of Xavier's 0.1
        >>> model = keras.Sequential([keras.Input((100,)), *layers])
        >>> found = signal_propagation(model, np.random.default_rng(0).normal(size=(64, 100)))
        >>> found.verdict, round(found.rate.activation, 1)
        ('vanishing', 0.5)

    Source: Deep Learning Specialization, course 2, week 1 ("vanishing/exploding gradients").
    """
    x = checked_inputs(model, x)
    _require_finite_weights(model)
    with backend.on_one_device():
        trace = trace_signal(model, x, _projection(seed) if y is None else _cost(model, x, y))
    calls = trace.calls
    if len(calls) < 2:
        raise ValueError(
            "`model` must have at least two layers with floating-point weights: a rate needs two "
            f"points. Received: {len(calls)} in model `{model.name}`."
        )
    names = _numbered([layer_name(model, call.layer) for call in calls])
    _require_defined(names, calls)
    rows = [
        LayerSignal(name, std(call.activation), std(call.gradient))
        for name, call in zip(names, calls, strict=True)
    ]
    hidden = [i for i, call in enumerate(calls[:-1]) if not call.is_output]
    hidden = hidden if len(hidden) > 1 else list(range(len(calls)))
    mended = {id(calls[i].layer) for i in hidden}
    order = [layer for layer in trace.order if is_activation(layer) or id(layer) in mended]
    return judge(rows, hidden, remedies(model, order), trace.normalized)


def _numbered(names: list[str]) -> list[str]:
    """Further calls of a layer with their number."""
    earlier = [names[:i].count(name) for i, name in enumerate(names)]
    return [f"{n} (call {k + 1})" if k else n for n, k in zip(names, earlier, strict=True)]


def _cost(model: keras.Model, x: Any, y: Any) -> Callable:
    own = type(model).compute_loss is not keras.Model.compute_loss
    if not model.compiled or (model.loss is None and not own):
        raise ValueError(
            "`y` needs a model compiled with a loss, whose cost it enters. Received: y for the "
            f"model `{model.name}`, {'without a loss' if model.compiled else 'not compiled'}. Call "
            "model.compile(loss=...) or leave `y` out."
        )
    y = tree.map_structure(ops.convert_to_tensor, y)

    def cost(predictions: Any) -> Any:
        try:
            return model.compute_loss(x=x, y=y, y_pred=predictions, training=False)
        except Exception as error:
            shapes = [[tuple(t.shape) for t in tree.flatten(part)] for part in (y, predictions)]
            raise ValueError(
                "`y` must fit the outputs and the loss of the model. Received: y of shapes "
                f"{shapes[0]}, outputs of shapes {shapes[1]}. Give the targets as `fit` takes them."
            ) from error

    return cost


def _projection(seed: int) -> Callable:
    def project(predictions: Any) -> Any:
        draw = np.random.default_rng(seed).standard_normal
        return sum(
            ops.sum(ops.cast(output, "float32") * draw(output.shape).astype("float32"))
            for output in tree.flatten(predictions)
        )

    return project


def _require_finite_weights(model: keras.Model) -> None:
    for weight in model.weights:
        if is_float(weight) and not bool(ops.all(ops.isfinite(weight))):
            raise ValueError(
                "`model` must have finite weights, or no signal passes. Received: NaN or infinity "
                f"in {weight.path}. Build the model anew, or load earlier weights."
            )


def _require_defined(names: list[str], calls: Sequence[Call]) -> None:
    """Refuses NaN that no overflow explains, which has no scale."""
    forward = [(name, call.activation) for name, call in zip(names, calls, strict=True)]
    backward = [(name, call.gradient) for name, call in zip(names, calls, strict=True)][::-1]
    for what, places in (("activations", forward), ("gradients", backward)):
        largest = 1.0
        for name, values in places:
            if not np.all(np.isfinite(values)):
                if np.any(np.isinf(values)) or largest > math.sqrt(np.finfo(values.dtype).max):
                    return
                raise ValueError(
                    f"`model` must give finite {what} where no scale explodes. Received: NaN in "
                    f"the {what} of layer `{name}`. Look for a logarithm, root or division at 0."
                )
            largest = max(largest, float(np.abs(values).max()))
