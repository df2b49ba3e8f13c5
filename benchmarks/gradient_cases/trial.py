"""One thing to check: a compiled model and a batch."""

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

EXAMPLES = 3


class Trial(NamedTuple):
    """A compiled model and what `kr.gradient_check` takes with it.

    Attributes:
        model: The compiled model.
        x: Inputs of the batch.
        y: Targets of the batch.
        options: Further arguments of the check.
    """

    model: keras.Model
    x: Any
    y: Any
    options: dict = {}


def between_kinks(build, shape, integers=0, training=True):
    """A model around a layer: a dense layer with ReLU before it, leaky ReLU and a dense after it.

    An example of zeros and a bias of 0 put one unit of the first layer right on its kink.

    Args:
        build: From a tensor `(3, *shape)` to a tensor; integers have no layer before.
        shape: Of one example.
        integers: 0, or the number of different integers in the inputs.
        training: Mode of the check.
    """
    generator = np.random.default_rng(0)
    inputs = keras.Input(shape, dtype="int32" if integers else None)
    hidden = inputs if integers else layers.Dense(shape[-1], "relu", name="before")(inputs)
    hidden = layers.LeakyReLU(0.2)(build(hidden))
    if len(hidden.shape) > 2:
        hidden = layers.Flatten()(hidden)
    model = keras.Model(inputs, layers.Dense(2, name="after")(hidden))
    loosen(model, generator)
    model.compile(loss="mse")
    x = generator.normal(size=(EXAMPLES, *shape))
    x[0] = 0.0
    if integers:
        x = generator.integers(0, integers, x.shape)
    else:
        model.get_layer("before").bias.assign(np.arange(shape[-1]) / 4)
    return Trial(model, x, generator.normal(size=(EXAMPLES, 2)), {"training": training})


def loosen(model, generator):
    """Moves every trainable weight away from the 0 and 1 where it starts."""
    for variable in model.trainable_variables:
        drawn = generator.normal(scale=0.3, size=variable.shape)
        variable.assign(variable + keras.ops.cast(drawn, variable.dtype))
