import dataclasses

import keras
import numpy as np
import pytest

from kerasrecipes.diagnosis.collect import (
    floor_cost,
    prior_cost,
    program_facts,
    skill,
    target_facts,
)
from kerasrecipes.diagnosis.collect.skill import _first_output

RNG = np.random.default_rng(0)
LABELS = np.array([0, 0, 1, 2, 2, 2, 2, 1])
BITS = np.array([[0, 1], [1, 1], [1, 0], [1, 0]])


def identity(activation=None, loss="mse"):
    """A model whose prediction is its input, behind an activation."""
    model = keras.Sequential([keras.layers.Activation(activation or "linear")])
    model.compile("sgd", loss)
    return model


BINARY_LOGITS = keras.losses.BinaryCrossentropy(from_logits=True)


@pytest.mark.parametrize(
    ("model", "y", "outputs", "expected"),
    [
        (identity(), LABELS, np.eye(3)[LABELS], 1.0),
        (identity(), LABELS, np.eye(3)[np.full(8, 2)], 0.0),
        (identity(), np.eye(3)[LABELS], np.eye(3)[np.r_[LABELS[:6], 0, 0]], 0.5),
        (identity(), LABELS % 2, [[0.4]] * 2 + [[0.6]] + [[0.4]] * 5, 0.5),
        (identity(loss=BINARY_LOGITS), LABELS % 2, (LABELS % 2)[:, None] * 0.2 - 0.1, 1.0),
        (identity(loss="hinge"), LABELS % 2, (LABELS % 2)[:, None] * 0.2 - 0.1, 1.0),
        (identity(), 2 * (LABELS % 2) - 1, (LABELS % 2)[:, None] * 0.2 - 0.1, 1.0),
        (identity(), BITS, BITS * 0.2 + 0.4, 1.0),
        (identity(), BITS, np.ones((4, 2)), 0.0),
        (identity(), LABELS * 1.5 + RNG.normal(size=8), np.full((8, 1), np.nan), -1.0),
    ],
)
def test_skill_is_zero_for_guessing_and_one_for_perfect(model, y, outputs, expected):
    outputs = np.asarray(outputs, dtype="float32")
    assert skill(model, (outputs, y)).train == pytest.approx(expected, abs=1e-6)


def test_regression_is_read_as_explained_variance_on_train_and_dev():
    y = RNG.normal(size=(50, 2)).astype("float32")
    constant = np.broadcast_to(y.mean(axis=0), y.shape)
    got = skill(identity(), (constant, y), (y, y))
    assert got.train == pytest.approx(0, abs=1e-5)
    assert got.dev == pytest.approx(1)
    assert got.prediction_deviation == pytest.approx(0, abs=1e-5)


def test_different_examples_are_counted_once():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    x = np.array([[0.0], [1.0], [2.0], [1.0]])
    assert skill(model, (x, x)).examples == 3
    assert skill(model, (x, x), (x[:1], x[:1])).examples == 1


@pytest.mark.parametrize("count", [1, 256, 257, 521])
def test_every_row_is_predicted_once_in_batches_of_one_size(count):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.set_weights([np.array([[2.0]]), np.array([1.0])])
    x = np.arange(600.0)[:, None]
    outputs = _first_output(model, x, np.arange(count) + 3)
    assert outputs.tolist() == (2 * x[3 : count + 3] + 1).tolist()


def test_a_sample_is_enough():
    y = RNG.normal(size=(5000, 1)).astype("float32")
    assert skill(identity(), (0.5 * y, y), most=100).train == pytest.approx(0.75, abs=0.02)


def test_data_that_are_no_arrays_are_not_measured():
    assert skill(identity(), (iter([1]), iter([1]))) is None


def program(loss):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")])
    model.compile("sgd", loss)
    return program_facts(model)


SOFT = np.array([[0.2, 0.8], [0.6, 0.4], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("name", "y"),
    [
        ("binary_crossentropy", SOFT),
        ("categorical_crossentropy", SOFT),
        ("categorical_crossentropy", np.eye(3)[LABELS]),
        ("categorical_crossentropy", np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])),
        ("mean_squared_error", SOFT),
        ("mean_absolute_error", SOFT),
        ("mean_squared_logarithmic_error", SOFT),
        ("kl_divergence", SOFT),
        ("poisson", SOFT),
        ("squared_hinge", BITS),
    ],
)
def test_levels_are_the_costs_of_the_best_constant_and_of_the_targets_themselves(name, y):
    function = keras.losses.get(name)
    facts = target_facts(y)

    def cost(predictions):
        return float(np.mean(function(y.astype("float32"), predictions.astype("float32"))))

    prior = prior_cost(program(name), facts, y)
    mean = np.broadcast_to(y.mean(axis=0), y.shape)
    middle = {
        "mean_absolute_error": np.broadcast_to(np.median(y, axis=0), y.shape),
        "mean_squared_logarithmic_error": np.broadcast_to(
            np.expm1(np.log1p(y).mean(axis=0)), y.shape
        ),
        "squared_hinge": 2 * mean - 1,
    }.get(name, mean)
    assert prior == pytest.approx(cost(middle), abs=1e-4)
    perfect = 2 * y - 1 if name == "squared_hinge" else y
    assert floor_cost(program(name), facts, y) == pytest.approx(cost(perfect), abs=1e-4)


def test_smoothed_labels_raise_both_levels():
    y = np.eye(3)[LABELS]
    smooth = dataclasses.replace(program("categorical_crossentropy"), label_smoothing=0.3)
    entropy = -(0.8 * np.log(0.8) + 0.2 * np.log(0.1))  # 1 - 0.3 + 0.1, and twice 0.1
    assert floor_cost(smooth, None, y) == pytest.approx(entropy)


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        ("custom", SOFT),
        ("binary_crossentropy", LABELS),  # labels outside [0, 1]
        ("sparse_categorical_crossentropy", LABELS / 2),
        ("mean_squared_error", iter([1])),
        ("mean_squared_error", np.array([1.0, np.nan])),
    ],
)
def test_levels_that_are_not_known_are_none(loss, y):
    known = dataclasses.replace(program("mse"), loss=loss)
    assert prior_cost(known, None, y) is None
