"""Which models belong together, and why others do not."""

import keras
import numpy as np
import pytest
from keras import layers, optimizers

from kerasrecipes.layers import InvertedDropout
from kerasrecipes.stacked import NotStackable, structure_of


def model(units=4, activation="relu", penalty=0.1, keep_prob=0.8, optimizer=None, **compiled):
    body = [
        keras.Input((3,)),
        layers.Dense(units, activation, kernel_regularizer=keras.regularizers.L2(penalty)),
        InvertedDropout(keep_prob),
        layers.Dropout(0.3),
        layers.Dense(1),
    ]
    made = keras.Sequential(body)
    made.compile(optimizer or optimizers.Adam(0.01), **{"loss": "mse", **compiled})
    return made


REFERENCE = {"optimizer": lambda: optimizers.Adam(0.01)}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"penalty": 0.7},
        {"keep_prob": 0.5},
        {"optimizer": optimizers.Adam(3.0, beta_1=0.5, epsilon=1e-3)},
        {"optimizer": optimizers.Adam(optimizers.schedules.CosineDecay(0.1, 10))},
    ],
    ids=lambda changed: "-".join(changed) or "nothing",
)
def test_models_that_differ_in_numbers_belong_together(changed):
    assert structure_of(model(**changed)) == structure_of(model())


@pytest.mark.parametrize(
    "changed",
    [
        {"units": 5},
        {"activation": "tanh"},
        {"keep_prob": 1.0},
        {"loss": "mae"},
        {"metrics": ["mae"]},
        {"optimizer": optimizers.SGD(0.01)},
        {"optimizer": optimizers.Adam(0.01, amsgrad=True)},
        {"optimizer": optimizers.Adam(0.01, clipnorm=1.0)},
        {"optimizer": optimizers.Adam(0.01, weight_decay=0.1)},
        {"loss_weights": [2.0]},
    ],
    ids=lambda changed: "-".join(changed) or "nothing",
)
def test_models_that_differ_in_more_do_not(changed):
    assert structure_of(model(**changed)) != structure_of(model())


def test_a_momentum_of_zero_is_another_structure():
    with_it, without = (model(optimizer=optimizers.SGD(0.1, momentum=m)) for m in (0.9, 0.0))
    assert structure_of(with_it) != structure_of(without)


def test_frozen_layers_and_constraints_are_told_apart():
    frozen = model()
    frozen.layers[0].trainable = False
    assert structure_of(frozen) != structure_of(model())


def test_what_a_cost_function_encloses_is_told_apart():
    def cost(power):
        def raised(y, outputs):
            return keras.ops.mean(keras.ops.abs(y - outputs) ** power)

        return raised

    assert structure_of(model(loss=cost(2))) == structure_of(model(loss=cost(2)))
    assert structure_of(model(loss=cost(2))) != structure_of(model(loss=cost(3)))


class OwnStep(keras.Model):
    def train_step(self, *args):
        return super().train_step(*args)


def with_own_step():
    inputs = keras.Input((3,))
    made = OwnStep(inputs, layers.Dense(1)(inputs))
    made.compile("adam", "mse")
    return made


def half_precision():
    made = keras.Sequential([keras.Input((3,)), layers.Dense(1, dtype="float16")])
    made.compile("adam", "mse")
    return made


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (with_own_step, "a `train_step` of its own"),
        (lambda: model(optimizer=optimizers.Lamb(0.1)), "`Lamb` is not known"),
        (lambda: model(optimizer=optimizers.Adam(0.1, use_ema=True)), "`use_ema=True`"),
        (
            lambda: model(optimizer=optimizers.Adam(0.1, gradient_accumulation_steps=2)),
            "`gradient_accumulation_steps=2`",
        ),
        (lambda: model(run_eagerly=True), "run_eagerly"),
        (lambda: keras.Sequential([layers.Dense(1)]), "not built and compiled"),
        (half_precision, "float16, not float32"),
    ],
)
def test_what_has_to_be_trained_alone_says_why(make, why):
    with pytest.raises(NotStackable, match=why):
        structure_of(make())


def test_reading_a_structure_leaves_the_model_as_it_is():
    made = model()
    before = made.get_weights()
    structure_of(made)
    for now, then in zip(made.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
