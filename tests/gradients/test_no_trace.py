"""A gradient check leaves nothing behind."""

import random

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.gradients import curvature, gradient_check

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(8, 4)).astype("float32")
Y = RANDOM.normal(size=(8, 2)).astype("float32")


def trained():
    parts = [layers.Dense(3, "relu"), layers.Dropout(0.5), layers.BatchNormalization()]
    model = keras.Sequential([keras.Input((4,)), *parts, layers.Dense(2)])
    model.layers[2].trainable = False
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, epochs=2, verbose=0)
    return model


def state(model):
    """Everything that a check could have moved."""
    return {
        "weights": [ops.convert_to_numpy(v) for v in model.variables],
        "optimizer": [ops.convert_to_numpy(v) for v in model.optimizer.variables],
        "metrics": [ops.convert_to_numpy(v) for v in model.metrics_variables],
        "trainable": [v.trainable for v in model.variables],
        "frozen": [layer.trainable for layer in model.layers],
        "rate": model.layers[1].rate,
        "compiled": (model.compiled, model.loss, type(model.optimizer)),
        "functions": (model.train_function, model.test_function),
        "floatx": keras.config.floatx(),
        "policy": keras.config.dtype_policy().name,
        "python": random.getstate(),
        "numpy": [np.array(part) for part in np.random.get_state()[1:]],
        "dtypes": [v.dtype for v in model.variables],
        "new tensor": keras.backend.standardize_dtype(ops.ones(1).dtype),
        "promotion": keras.backend.result_type("float32", "float32"),
    }


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    return trained()


def assert_same(before, after):
    for name, value in before.items():
        np.testing.assert_equal(after[name], value, err_msg=name)


@pytest.mark.parametrize("method", ["exact", "directional"])
def test_nothing_is_left_behind(model, method):
    before = state(model)
    assert gradient_check(model, X, Y, method=method).passed
    assert_same(before, state(model))


def test_nothing_is_left_behind_when_the_check_raises(model):
    before = state(model)
    with pytest.raises(ValueError, match="cost=nan"):
        gradient_check(model, X * np.nan, Y)
    assert_same(before, state(model))


def test_nothing_is_left_behind_when_the_batch_does_not_fit(model):
    before = state(model)
    with pytest.raises(ValueError, match=r"expected axis -1|compatible|shape"):
        gradient_check(model, X[:, :3], Y)
    assert_same(before, state(model))


def test_training_goes_on_exactly_as_without_the_check():
    weights = []
    for check in (False, True):
        keras.utils.set_random_seed(5)
        model = trained()
        if check:
            gradient_check(model, X, Y)
        model.fit(X, Y, epochs=2, verbose=0)
        weights.append(model.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_look_at_the_curvature_leaves_nothing_behind(model):
    before = state(model)
    assert curvature(model, X, Y, k=2).converged
    assert_same(before, state(model))


@pytest.mark.parametrize(
    ("x", "k", "words"),
    [(X * np.nan, 1, "cost=nan"), (X[:, :3], 1, "the cost failed"), (X, 99, "k=99 for")],
    ids=["cost", "shape", "k"],
)
def test_a_look_at_the_curvature_that_raises_leaves_nothing_behind(model, x, k, words):
    before = state(model)
    with pytest.raises(ValueError, match=words):
        curvature(model, x, Y, k)
    assert_same(before, state(model))
