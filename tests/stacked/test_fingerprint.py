"""What no configuration tells keeps models apart, and nothing else does."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.stacked import (
    NotStackable,
    StackedProgram,
    fit_together,
    structure_of,
    training_data,
)
from kerasrecipes.stacked.member_numbers import member_numbers
from kerasrecipes.stacked.member_value import MemberValue
from kerasrecipes.stacked.stacked_optimizer import learning_rates


def model(*body, loss="mse", metrics=None, optimizer=None):
    made = keras.Sequential([keras.Input((3,)), *body, layers.Dense(1)])
    made.compile(optimizer or keras.optimizers.SGD(0.1), loss, metrics=metrics)
    return made


class Weighted(keras.losses.Loss):
    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def call(self, y, outputs):
        return self.weight * ops.mean(ops.square(y - outputs), -1)

    def method(self, y, outputs):
        return self.call(y, outputs)


class Scaled(keras.metrics.Mean):
    def __init__(self, scale):
        super().__init__(name="scaled")
        self.scale = scale

    def update_state(self, y, outputs, sample_weight=None):
        return super().update_state(self.scale * ops.abs(y - outputs))


class Within(keras.constraints.Constraint):
    def __init__(self, limit):
        self.limit = limit

    def __call__(self, weights):
        return ops.clip(weights, -self.limit, self.limit)


class Tensor(keras.regularizers.Regularizer):
    def __init__(self, strength):
        self.strength = ops.convert_to_tensor(float(strength))

    def __call__(self, weights):
        return self.strength * ops.sum(ops.square(weights))

    def get_config(self):
        return {"strength": float(self.strength)}


class Untold(layers.Layer):
    def __init__(self, factor=1.0, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, inputs):
        return self.factor * inputs

    def get_config(self):
        return {"name": self.name}


class Projection(layers.Layer):
    def __init__(self, seed, **options):
        super().__init__(**options)
        self.seed = seed

    def call(self, inputs):
        return inputs @ keras.random.normal((3, 3), seed=self.seed)


class Penalized(layers.Layer):
    def __init__(self, penalty, **options):
        super().__init__(**options)
        self.regularizer = keras.regularizers.get(penalty)

    def call(self, inputs):
        self.add_loss(self.regularizer(inputs))
        return inputs

    def get_config(self):
        penalty = keras.regularizers.serialize(self.regularizer)
        return {**super().get_config(), "regularizer": penalty}


class Dropping(layers.Dropout):
    def call(self, inputs, training=None):
        return super().call(inputs, training=True)


def enclosed(number, kind):
    def cost(y, outputs):
        return number * ops.mean(ops.abs(y - outputs), -1)

    def default(y, outputs, number=number):
        return number * ops.mean(ops.abs(y - outputs), -1)

    def one(inputs):
        return ops.leaky_relu(inputs, number)

    def penalty(weights):
        return number * ops.sum(ops.square(weights))

    class Layer(layers.Layer):
        def call(self, inputs):
            return number * inputs

    found = {"cost": cost, "default": default, "one": one, "penalty": penalty, "layer": Layer}
    return found[kind]


def subclass(slope):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.steps = [layers.LeakyReLU(slope), layers.Dense(1)]

        def call(self, inputs):
            for step in self.steps:
                inputs = step(inputs)
            return inputs

    made = Net()
    made.compile("sgd", "mse")
    made(np.zeros((1, 3), "float32"))
    return made


def normalized(number):
    norm = layers.Normalization()
    norm.adapt(number * np.arange(12.0).reshape(4, 3))
    return model(norm)


def decayed(number):
    optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.1)
    if number > 1:
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    return model(optimizer=optimizer)


def orthogonal(number):
    penalty = keras.regularizers.OrthogonalRegularizer(mode="rows" if number > 1 else "columns")
    return model(layers.Dense(4, kernel_regularizer=penalty))


def named(number):
    kind = "tanh" if number > 1 else "relu"
    return model(layers.Dense(4, kind, name=kind))


MADE = {
    "loss class": lambda n: model(loss=Weighted(n)),
    "loss method": lambda n: model(loss=Weighted(n).method),
    "loss default": lambda n: model(loss=enclosed(n, "default")),
    "Huber": lambda n: model(loss=keras.losses.Huber(n)),
    "metric class": lambda n: model(metrics=[Scaled(n)]),
    "metric function": lambda n: model(metrics=[enclosed(n, "cost")]),
    "constraint": lambda n: model(layers.Dense(4, kernel_constraint=Within(n))),
    "config that leaves out": lambda n: model(Untold(n)),
    "closure of a layer": lambda n: model(enclosed(n, "layer")()),
    "closure of a Lambda": lambda n: model(layers.Lambda(enclosed(n, "one"))),
    "closure of an activation": lambda n: model(layers.Dense(4, enclosed(n, "one"))),
    "name of an activation": named,
    "penalty as tensor": lambda n: model(layers.Dense(4, kernel_regularizer=Tensor(n))),
    "penalty as function": lambda n: model(
        layers.Dense(4, kernel_regularizer=enclosed(n, "penalty"))
    ),
    "mode of a penalty": orthogonal,
    "penalty inside a layer": lambda n: model(Penalized(keras.regularizers.L2(n))),
    "seed used as a number": lambda n: model(Projection(int(n))),
    "layer of a subclass": subclass,
    "adapted": normalized,
    "left out of decay": decayed,
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_what_no_config_tells_is_told_apart(make):
    assert structure_of(make(0.5)) == structure_of(make(0.5))
    assert structure_of(make(0.5)) != structure_of(make(2.0))


def test_class_attributes_of_the_users_own_are_told_apart(monkeypatch):
    monkeypatch.setattr(Untold, "shared", 1, raising=False)
    made = model(Untold())
    before = structure_of(made)
    monkeypatch.setattr(Untold, "shared", 2)
    assert structure_of(made) != before


def test_dropout_of_the_users_own_keeps_its_own_way():
    assert not member_numbers(model(Dropping(0.5)))
    assert member_numbers(model(layers.Dropout(0.5)))


def test_a_number_of_members_answers_only_what_they_have_in_common():
    number = MemberValue(ops.convert_to_tensor([0.1, 0.9]))
    assert number > 0
    assert number != 0
    with pytest.raises(TypeError, match="differs by member"):
        max(number, 0.5)


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, rate=1.0):
        self.rate = rate

    def __call__(self, step):
        return self.rate

    def get_config(self):
        return {}


def test_a_schedule_is_asked_itself():
    rates = learning_rates(keras.optimizers.SGD(Schedule(0.25)))
    np.testing.assert_array_equal(rates(0, 2), [0.25, 0.25])


@pytest.mark.parametrize("more", [{"y": np.zeros(5)}, {"sample_weight": np.zeros(3)}], ids=str)
def test_arrays_of_different_lengths_are_left_to_fit(more):
    with pytest.raises(NotStackable, match="number of rows"):
        training_data({"x": np.zeros((4, 3)), "y": np.zeros(4), **more})


@pytest.mark.parametrize("given", [{"epochs": 0}, {"epochs": 3, "initial_epoch": 3}], ids=str)
def test_no_epoch_to_train_is_left_to_fit(given):
    with pytest.raises(NotStackable, match="no epoch to train"):
        training_data({"x": np.zeros((4, 3)), "y": np.zeros(4), **given})


def test_a_layer_that_sets_its_trainable_weights_is_left_to_fit():
    models = [model(layers.SpectralNormalization(layers.Dense(2))) for _ in range(2)]
    before = models[0].get_weights()
    x = np.ones((4, 3), "float32")
    with pytest.raises(NotStackable, match="sets trainable weights itself"):
        fit_together(models, {"x": x, "y": x[:, :1]})
    for now, then in zip(models[0].get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_program_leaves_the_state_of_layers_that_are_always_in_training():
    made = model(Dropping(0.5, seed=1))
    before = [np.array(variable) for variable in made.non_trainable_variables]
    StackedProgram(made, 2, (np.ones((1, 3), "float32"), np.ones((1, 1), "float32")))
    for now, then in zip(made.non_trainable_variables, before, strict=True):
        np.testing.assert_array_equal(now, then)
