"""Every Keras loss and every Keras activation, each behind a dense layer of its own."""

import inspect

import keras
import numpy as np
from keras import activations, layers, losses

from .trial import EXAMPLES, Trial, loosen

EXCLUDED_LOSSES = {
    "Loss": "base class",
    "CTC": "TensorFlow computes it in float32 whatever it is given (on JAX it passes)",
}
TARGETS = {  # what each loss is made for; a real number where nothing is said
    "one hot": (
        "CategoricalCrossentropy CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy "
        "CategoricalHinge KLDivergence"
    ),
    "class": "SparseCategoricalCrossentropy Circle",
    "bit": "BinaryCrossentropy BinaryFocalCrossentropy Dice Tversky",
    "sign": "Hinge SquaredHinge",
    "positive": "Poisson MeanSquaredLogarithmicError MeanAbsolutePercentageError",
}
STEEP = {"Circle", "MeanAbsolutePercentageError"}  # weigh 0.01, or they drown the others
OUTPUTS = {"one hot": "softmax", "class": "softmax", "bit": "sigmoid", "positive": "softplus"}


def keras_losses():
    """Name -> class of every loss of `keras.losses`."""
    kinds = (kind for kind in vars(losses).values() if inspect.isclass(kind))
    return {kind.__name__: kind for kind in kinds if issubclass(kind, losses.Loss)}


def keras_activations():
    """Name -> function of every activation of `keras.activations`."""
    known = {f for f in vars(activations).values() if inspect.isfunction(f)}
    known -= {activations.get, activations.serialize, activations.deserialize}
    named = {f.__name__: f for f in sorted(known, key=lambda f: f.__name__)}
    return named | {"threshold": lambda z: activations.threshold(z, 0.3, 0.1)}


def every_loss():
    """A model of one output for each loss, named after it."""
    generator = np.random.default_rng(0)
    kinds = {name: kind for name, kind in keras_losses().items() if name not in EXCLUDED_LOSSES}
    inputs = keras.Input((3,))
    hidden = layers.Dense(3, "tanh", name="before")(inputs)
    outputs = {name: layers.Dense(3, output_of(name), name=name)(hidden) for name in kinds}
    model = keras.Model(inputs, outputs)
    loosen(model, generator)
    weights = {name: 0.01 if name in STEEP else 1.0 for name in kinds}
    model.compile(loss={name: kind() for name, kind in kinds.items()}, loss_weights=weights)
    y = {name: target(kind_of_target(name), generator) for name in kinds}
    return Trial(model, generator.normal(size=(EXAMPLES, 3)), y)


def every_activation():
    """A model of one dense layer for each activation, named after it, all added up."""
    generator = np.random.default_rng(0)
    inputs = keras.Input((3,))
    outputs = [
        layers.Dense(4, function, name=name)(inputs)
        for name, function in keras_activations().items()
    ]
    model = keras.Model(inputs, layers.Concatenate()(outputs))
    loosen(model, generator)
    model.compile(loss="mse")
    x = generator.normal(size=(EXAMPLES, 3))
    return Trial(model, x, generator.normal(size=model(x).shape))


def kind_of_target(loss):
    return next((kind for kind, names in TARGETS.items() if loss in names.split()), "real")


def output_of(loss):
    return OUTPUTS.get(kind_of_target(loss))


def target(kind, generator):
    real = generator.normal(size=(EXAMPLES, 3))
    classes = np.array([0, 2, 0])
    return {
        "one hot": np.eye(3)[classes] * 0.8 + 0.1 * (1 - np.eye(3)[classes]),
        "class": classes,
        "bit": (real > 0) * 1.0,
        "sign": np.sign(real),
        "positive": np.abs(real) + 0.5,
        "real": real,
    }[kind]
