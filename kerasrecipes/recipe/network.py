"""The networks of the recipe, from their settings."""

from __future__ import annotations

import keras
import numpy as np

from kerasrecipes.layers import ConvBlock, DenseBlock, Standardize, image_augmentation
from kerasrecipes.recipe.problem import Problem
from kerasrecipes.recipe.settings import Settings
from kerasrecipes.regularizers import L2

SMALLEST_SIDE = 4  # images are halved by each convolution block while both sides stay above


def build_network(settings: Settings, problem: Problem) -> keras.Model:
    """Builds an uncompiled network that takes raw rows; standardisation is its first layer.

    Args:
        settings: Shape and regularisation.
        problem: Shapes of inputs and outputs; its training inputs give mean and deviation.

    Returns:
        A functional model from `x` to class probabilities `(examples, classes)`, or to
        standardised targets `(examples, 1)`.
    """
    x = problem.train[0]
    inputs = keras.Input(x.shape[1:], name="x")
    standardize = Standardize(axis=-1, name="standardize")
    z = inputs
    if problem.image_shape is None:
        standardize.adapt(x)
    else:
        z = keras.layers.Reshape(problem.image_shape, name="image")(z)
        if settings.augment:  # no flips: a mirrored digit or letter is another class, or none
            z = image_augmentation(flip=False, rotation=0.03, distortion=0.1, translation=0.08)(z)
        standardize.adapt(x.reshape(-1, *problem.image_shape))
    z = standardize(z)
    z = _hidden(z, settings, problem)
    activation = "softmax" if problem.task == "classification" else "linear"
    outputs = keras.layers.Dense(
        problem.outputs,
        activation,
        kernel_regularizer=_penalty(settings, problem),
        dtype=keras.config.dtype_policy().variable_dtype,  # also in mixed precision
        name="y",
    )(z)
    return keras.Model(inputs, outputs, name=settings.architecture)


def with_target_units(network: keras.Model, problem: Problem) -> keras.Model:
    """The network with its output back in the units of the target; as it is for classes."""
    if problem.task == "classification" or problem.target is None:
        return network
    # Not Rescaling: it asks for TensorFlow on every backend where its name has been seen.
    dtype = keras.config.dtype_policy().variable_dtype
    units = keras.layers.Dense(1, trainable=False, dtype=dtype, name="target_units")
    model = keras.Model(network.input, units(network.output), name=network.name)
    units.set_weights([np.full((1, 1), problem.scale), np.full(1, problem.offset)])
    model.compile(loss=problem.loss)
    model.optimizer.build(model.trainable_variables)  # or loading the saved file warns of it
    return model


def _hidden(z, settings: Settings, problem: Problem):
    common = {
        "activation": "relu",
        "normalize": settings.normalize,
        "keep_prob": settings.keep_prob,
        "kernel_regularizer": _penalty(settings, problem),
        "momentum": 0.9,
    }
    if settings.architecture == "convolutional" and problem.image_shape is not None:
        filters, side = settings.filters, min(problem.image_shape[:2])
        convolving = {**common, "keep_prob": 1.0}
        while side >= 2 * SMALLEST_SIDE or filters == settings.filters:
            z = ConvBlock(filters, 3, **convolving)(z)
            z = ConvBlock(filters, 3, pool="max" if side >= SMALLEST_SIDE else None, **convolving)(
                z
            )
            filters, side = 2 * filters, side // 2
    if len(z.shape) > 2:
        z = keras.layers.Flatten(name="flatten")(z)
    for _ in range(settings.hidden_layers):
        z = DenseBlock(settings.units, **common)(z)
    return z


def _penalty(settings: Settings, problem: Problem) -> L2 | None:
    return L2(settings.l2, len(problem.train[1])) if settings.l2 else None
