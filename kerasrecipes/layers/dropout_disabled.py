"""dropout_disabled: a stretch of code without any dropout in a model."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import keras

SWITCHES: tuple[tuple[type, str], ...] = (
    (keras.layers.Dropout, "rate"),  # also InvertedDropout and the spatial ones
    (keras.layers.AlphaDropout, "rate"),
    (keras.layers.GaussianDropout, "rate"),
    (keras.layers.GaussianNoise, "stddev"),
    (keras.layers.Layer, "dropout"),  # recurrent cells and attention
    (keras.layers.Layer, "recurrent_dropout"),
)
STEPS = ("train_step", "test_step")
FUNCTIONS = ("train_function", "test_function", "predict_function")


@contextlib.contextmanager
def dropout_disabled(model: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """Switches every dropout of a model off inside the block, and back after it.

    Needed wherever the cost must be one function of the weights, as in gradient checking. It
    reaches `Dropout` and its spatial, alpha, Gaussian and inverted kin, `GaussianNoise`, and the
    `dropout` and `recurrent_dropout` of recurrent and attention layers, in submodels and blocks.
    Each rate is 0 inside the block; no random state is used up.

    The model's compiled `train`, `test` and `predict` functions were made with dropout on:
    inside the block the model makes new ones, after it the old ones are back. Functions that you
    compiled yourself (`tf.function`, `jax.jit`), or a larger model around this one, keep what
    they traced.

    Args:
        model: A built or unbuilt `keras.Model` or any layer.

    Yields:
        The model.

    Raises:
        TypeError: If `model` is not a Keras layer or model.

    Example:
    >>> import numpy as np
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5)])
    >>> with dropout_disabled(model):
    ...     np.array(model(np.ones((1, 3)), training=True)).tolist()
    [[1.0, 1.0, 1.0]]
    >>> model.layers[0].rate
    0.5

    Source: Deep Learning Specialization, course 2, "Gradient checking implementation notes".
    """
    if not isinstance(model, keras.layers.Layer):
        raise TypeError(
            "`model` must be a Keras model or layer: dropout is looked for in its layers. "
            f"Received: model of type {type(model).__name__}."
        )
    # No public way leads to the layers inside a layer that is not a Model.
    layers = model._flatten_layers(include_self=True, recursive=True)
    layers = list({id(layer): layer for layer in layers}.values())
    rates = [found for layer in layers for found in _rates(layer)]
    models = [layer for layer in layers if rates and isinstance(layer, keras.Model)]
    compilations = [_Compilation(layer) for layer in models]
    try:
        for layer, name, _ in rates:
            setattr(layer, name, 0.0)
        yield model
    finally:
        for layer, name, rate in rates:
            setattr(layer, name, rate)
        for compilation in compilations:
            compilation.put_back()


def _rates(layer: Any) -> Iterator[tuple[Any, str, float]]:
    """The rates of this layer that are above zero and can be set: `(layer, attribute, rate)`."""
    for kind, name in SWITCHES:
        if isinstance(layer, kind) and not isinstance(getattr(type(layer), name, None), property):
            rate = getattr(layer, name, None)
            if isinstance(rate, (int, float)) and rate > 0:
                yield layer, name, rate


class _Compilation:
    """Takes the compiled functions away from a model, so that it makes new ones, until put back.

    The steps are replaced as well: `jax.jit` knows a function again by its method, and would
    find the trace with dropout in its memory, however new the function around it.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.loss_tracker = self._loss_tracker()
        self.functions = {name: getattr(model, name, None) for name in FUNCTIONS}
        self.steps = {name: vars(model).get(name) for name in STEPS}
        for name in FUNCTIONS:
            setattr(model, name, None)
        for name in STEPS:
            setattr(model, name, functools.partial(getattr(model, name)))

    def put_back(self) -> None:
        """Sets the functions as found, or none if the model was compiled anew meanwhile."""
        same = self._loss_tracker() is self.loss_tracker
        for name, function in self.functions.items():
            setattr(self.model, name, function if same else None)
        for name, step in self.steps.items():
            if step is None:
                delattr(self.model, name)
            else:
                setattr(self.model, name, step)

    def _loss_tracker(self) -> Any:
        """An object that each compilation makes anew."""
        return self.model.metrics[0] if self.model.compiled and self.model.metrics else None
