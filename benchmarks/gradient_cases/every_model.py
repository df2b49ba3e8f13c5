"""Models of every build: several inputs and outputs, shared and nested layers, every cost."""

import keras
import numpy as np
from keras import layers, ops, regularizers

import kerasrecipes as kr

from .planted import BUGS, planted_model
from .trial import EXAMPLES, Trial, loosen


def compiled(model, x, outputs=2, loss="mse", options=None, **compilation):
    """A trial of a model of `outputs` numbers, its weights drawn, its targets too."""
    generator = np.random.default_rng(0)
    loosen(model, generator)
    model.compile(loss=loss, **compilation)
    return Trial(model, x, generator.normal(size=(EXAMPLES, outputs)), options or {})


def vectors(features=3):
    return np.random.default_rng(1).normal(size=(EXAMPLES, features))


def two_inputs_two_outputs():
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    hidden = layers.Dense(3, "tanh")(layers.Concatenate()([a, b]))
    outputs = {"one": layers.Dense(2)(hidden), "two": layers.Dense(3, "softmax")(hidden)}
    model = keras.Model({"a": a, "b": b}, outputs)
    loosen(model, np.random.default_rng(0))
    losses = {"one": "mse", "two": "sparse_categorical_crossentropy"}
    model.compile(loss=losses, loss_weights={"one": 2.0, "two": 0.5})
    x = {"a": vectors(3), "b": vectors(2)}
    return Trial(model, x, {"one": vectors(2), "two": np.array([0, 2, 1])})


def merged():
    inputs = keras.Input((3,))
    a, b, c = (layers.Dense(2)(inputs) for _ in range(3))
    merges = [layers.Add(), layers.Subtract(), layers.Multiply(), layers.Average()]
    merges += [layers.Maximum(), layers.Minimum(), layers.Dot(axes=1, normalize=True)]
    outputs = layers.Concatenate()([merge([a, b]) for merge in merges] + [c])
    return compiled(keras.Model(inputs, layers.Dense(2)(outputs)), vectors())


def shared():
    inputs, one = keras.Input((3,)), layers.Dense(3, "tanh")
    return compiled(keras.Model(inputs, layers.Dense(2)(one(one(inputs)))), vectors())


def nested():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3, "relu"), layers.Dropout(0.5)])
    innermost = keras.Sequential([inner, layers.BatchNormalization(), layers.Dense(3, "tanh")])
    inputs = keras.Input((3,))
    return compiled(keras.Model(inputs, layers.Dense(2)(innermost(inputs))), vectors())


def residual():
    inputs = keras.Input((3,))
    hidden = layers.Add()([inputs, layers.Dense(3, "relu")(inputs)])
    return compiled(keras.Model(inputs, layers.Dense(2)(hidden)), vectors())


def frozen_in_part():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(3, "tanh"), layers.Dense(2)])
    model.layers[0].trainable = False
    return compiled(model, vectors())


def regularised(regularizer):
    def build():
        hidden = layers.Dense(3, "tanh", kernel_regularizer=regularizer)
        last = layers.Dense(2, bias_regularizer="L1L2", activity_regularizer="l2")
        return compiled(keras.Sequential([keras.Input((3,)), hidden, last]), vectors())

    return build


def plain(**options):
    return lambda: compiled(
        keras.Sequential([keras.Input((3,)), layers.Dense(3, "relu"), layers.Dense(2)]),
        vectors(),
        options=options,
    )


def weighted_classes():
    """Class weights as `fit` applies them: each example weighs as its class does."""
    model = keras.Sequential([keras.Input((3,)), layers.Dense(3, "softmax")])
    loosen(model, np.random.default_rng(0))
    model.compile(loss="sparse_categorical_crossentropy")
    classes = np.array([0, 2, 1])
    weights = np.array([0.2, 5.0, 1.0])[classes]
    return Trial(model, vectors(), classes, {"sample_weight": weights})


class Subclassed(keras.Model):
    """Two layers, made in `__init__` and called in `call`."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.one, self.two = layers.Dense(units, "tanh"), layers.Dense(2)

    def call(self, inputs):
        """The second layer's answer."""
        return self.two(self.one(inputs))

    def get_config(self):
        """The number of units."""
        return {**super().get_config(), "units": self.units}


def subclassed():
    model = Subclassed(3)
    model(vectors())
    return compiled(model, vectors())


def own_gradient():
    return Trial(*planted_model(BUGS["sigmoid' = a, without (1 - a)"], sound=True))


class OwnCost(keras.Model):
    """A subclass that computes its loss itself."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(2)

    def call(self, inputs):
        """A linear map."""
        return self.dense(inputs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The mean of the fourth power of the error."""
        return ops.mean((y - y_pred) ** 4)


def own_cost():
    model = OwnCost()
    model(vectors())
    return compiled(model, vectors(), loss=None)


def mixed_precision():
    parts = [layers.Dense(3, "tanh", dtype="mixed_float16"), layers.Dense(2, dtype="float32")]
    return compiled(keras.Sequential([keras.Input((3,)), *parts]), vectors())


MODELS = {
    "two inputs, two outputs, loss weights": two_inputs_two_outputs,
    "every merging layer": merged,
    "a layer used twice": shared,
    "models in models, dropout and batch norm": nested,
    "a skip connection": residual,
    "frozen in part": frozen_in_part,
    "L1": regularised(regularizers.L1(0.1)),
    "L2": regularised(regularizers.L2(0.1)),
    "L1L2": regularised(regularizers.L1L2(0.1, 0.2)),
    "orthogonal regulariser": regularised(regularizers.OrthogonalRegularizer(0.1)),
    "kr.regularizers.L1": regularised(kr.regularizers.L1(2.0, 10)),
    "kr.regularizers.L2": regularised(kr.regularizers.L2(2.0, 10)),
    "sample weights": plain(sample_weight=np.array([0.0, 1.0, 3.0])),
    "class weights": weighted_classes,
    "inference mode": plain(training=False),
    "a large step": plain(epsilon=1e-4),
    "a subclassed model": subclassed,
    "a gradient of its own": own_gradient,
    "a cost of its own": own_cost,
    "mixed precision": mixed_precision,
}
