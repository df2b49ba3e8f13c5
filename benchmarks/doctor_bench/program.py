"""A training program as a plain value: data, layers, arguments of `compile` and `fit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import keras
import numpy as np

WITH_KERNEL = ("Dense", "Conv2D", "LSTM", "GRU")


class Layer(NamedTuple):
    """One layer: its class in `keras.layers`, or `"Skip"` around `layers`, and its arguments."""

    kind: str
    options: Mapping[str, Any]

    def but(self, **options: Any) -> Layer:
        """The same with other arguments."""
        return Layer(self.kind, {**self.options, **options})


def layer(kind: str, **options: Any) -> Layer:
    return Layer(kind, options)


@dataclass(frozen=True)
class Program:
    """A program; `dataclasses.replace` changes it.

    Args:
        name: Of the healthy program it is or comes from.
        task: `"classes"`, `"binary"`, `"multilabel"` or `"regression"`.
        x, y, x_dev, y_dev: As they reach `fit`.
        layers: In order; the last is the output layer.
        loss, optimizer: Class or function names as Keras writes them.
        loss_options, optimizer_options: Their arguments.
        validation: Whether dev goes to `fit`.
    """

    name: str
    task: str
    x: np.ndarray
    y: np.ndarray
    x_dev: np.ndarray
    y_dev: np.ndarray
    layers: tuple[Layer, ...]
    loss: str
    optimizer: str = "Adam"
    optimizer_options: Mapping[str, Any] = field(default_factory=dict)
    loss_options: Mapping[str, Any] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    batch_size: int = 32
    epochs: int = 10
    validation: bool = True
    shuffle: bool = True

    @property
    def output(self) -> Layer:
        """The output layer."""
        return self.layers[-1]

    def with_loss(self, loss: str, **options: Any) -> Program:
        """The same with another loss."""
        return replace(self, loss=loss, loss_options=options)

    def with_optimizer(self, optimizer: str, **options: Any) -> Program:
        """The same with another optimizer."""
        return replace(self, optimizer=optimizer, optimizer_options=options)

    def with_output(self, **options: Any) -> Program:
        """The same with other arguments of the output layer."""
        return replace(self, layers=(*self.layers[:-1], self.output.but(**options)))

    def map_hidden(self, change: Callable[[Layer], Layer]) -> Program:
        """The same with every layer but the last changed, those inside a skip too."""
        return replace(self, layers=(*_mapped(self.layers[:-1], change), self.output))

    def build(self) -> keras.Model:
        """The model, not compiled: `Sequential`, or functional where there is a skip."""
        inputs = keras.Input(self.x.shape[1:])
        if any(each.kind == "Skip" for each in self.layers):
            return keras.Model(inputs, _through(inputs, self.layers))
        return keras.Sequential([inputs, *(_made(each) for each in self.layers)])

    def compile_arguments(self) -> dict[str, Any]:
        """Fresh arguments of `compile`."""
        optimizer = getattr(keras.optimizers, self.optimizer)(**self.optimizer_options)
        loss = self.loss
        if self.loss_options:
            loss = getattr(keras.losses, self.loss)(**self.loss_options)
        return {"optimizer": optimizer, "loss": loss, "metrics": list(self.metrics)}

    def compiled(self, seed: int) -> keras.Model:
        """The compiled model after a clean start; nothing of earlier models is left."""
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        model = self.build()
        model.compile(**self.compile_arguments())
        return model

    def fit_arguments(self) -> dict[str, Any]:
        """Arguments of `fit` but `x` and `y`."""
        dev = (self.x_dev, self.y_dev) if self.validation else None
        return {
            "batch_size": self.batch_size,
            "epochs": self.epochs,
            "validation_data": dev,
            "shuffle": self.shuffle,
        }


def _mapped(layers: tuple[Layer, ...], change: Callable[[Layer], Layer]) -> tuple[Layer, ...]:
    return tuple(
        each.but(layers=_mapped(each.options["layers"], change))
        if each.kind == "Skip"
        else change(each)
        for each in layers
    )


def _made(each: Layer) -> keras.layers.Layer:
    return getattr(keras.layers, each.kind)(**each.options)


def _through(tensor: Any, layers: tuple[Layer, ...]) -> Any:
    for each in layers:
        if each.kind == "Skip":
            tensor = keras.layers.Add()([tensor, _through(tensor, each.options["layers"])])
        else:
            tensor = _made(each)(tensor)
    return tensor
