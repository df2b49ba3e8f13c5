"""Where the cost has no gradient, nothing is blamed; where it has, a bug still is."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.gradients import check_gradients, gradient_check

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(8, 4)), RANDOM.normal(size=(8, 2))


def checked(*parts, x=X):
    model = keras.Sequential([keras.Input((4,)), *parts, layers.Dense(2)])
    model.compile(loss="mse")
    return gradient_check(model, x, Y)


@pytest.mark.parametrize(
    ("function", "kinks"),
    [
        (lambda w: ops.sum(ops.abs(w)), 2),
        (lambda w: ops.sum(ops.relu(w)), 2),
        (lambda w: ops.sum(ops.leaky_relu(w, 0.1) * 3 - ops.abs(w)), 2),
        (lambda w: ops.sum(ops.maximum(w, 2 * w)), 2),
        (lambda w: ops.sum(w**2), 0),
        (lambda w: ops.sum(ops.exp(5 * w)), 0),
    ],
    ids=["abs", "relu", "leaky", "maximum", "parabola", "exponential"],
)
def test_kinks_are_counted_and_curves_are_not(function, kinks):
    check = check_gradients(function, np.array([0.0, 1.0, -2.0, 0.0]))
    assert check.passed, check
    assert [element.index for element in check.kinks] == [(0,), (3,)][:kinks]
    assert check.variables["w"].kinks == kinks
    assert check.variables["w"].checked == 4


@pytest.mark.parametrize("offset", [-9e-8, -3e-8, 0.0, 3e-8, 9e-8])
def test_a_kink_anywhere_within_the_step_is_a_kink(offset):
    check = check_gradients(lambda w: ops.sum(ops.relu(w - 1)), np.array([1 + offset, 3.0]))
    assert check.passed, check
    assert [element.index for element in check.kinks] == [(0,)]


@pytest.mark.parametrize("offset", [-1e-6, 1e-6])
def test_a_kink_beyond_the_step_is_none(offset):
    check = check_gradients(lambda w: ops.sum(ops.relu(w - 1)), np.array([1 + offset, 3.0]))
    assert check.passed
    assert not check.kinks


def test_l1_at_zero_is_a_kink_in_a_model():
    layer = layers.Dense(3, kernel_regularizer="l1", bias_regularizer="l1")
    check = checked(layer)
    assert check.passed
    assert [element.variable.split("/")[-1] for element in check.kinks] == ["bias"] * 3


@pytest.mark.parametrize("activation", ["relu", layers.LeakyReLU(0.2)], ids=["relu", "leaky"])
@pytest.mark.parametrize("x", [X, np.zeros_like(X)], ids=["examples", "empty examples"])
def test_kinks_that_meet_are_not_blamed(activation, x):
    """Zero weights or zero inputs put two layers of units on their kinks at once."""
    first = layers.Dense(4, copy_of(activation), kernel_initializer="zeros")
    check = checked(first, layers.Dense(4, copy_of(activation)), x=x)
    assert check.passed, check
    assert len(check.kinks) >= 4


def copy_of(activation):
    return activation if isinstance(activation, str) else layers.LeakyReLU(0.2)


def test_a_difference_of_two_kinks_is_not_blamed():
    """`relu(w) - relu(-w) = w`, but automatic differentiation says 0 at w = 0."""
    check = check_gradients(lambda w: ops.sum(ops.relu(w) - ops.relu(-w)), np.array([0.0, 2.0]))
    assert check.passed
    assert len(check.kinks) == 1


def test_a_straight_through_estimator_is_blamed():
    """Rounding has no kink to excuse a gradient of 1 where the cost is flat."""

    def rounded(w):
        @ops.custom_gradient
        def straight_through(w):
            def gradient(*args, upstream=None):
                return args[0] if upstream is None else upstream

            return ops.round(w), gradient

        return ops.sum(straight_through(w))

    check = check_gradients(rounded, np.array([0.3, 1.8]))
    assert not check.passed
    assert not check.kinks


def test_a_wrong_slope_of_relu_is_blamed_beside_its_kink():
    def relu(w):
        @ops.custom_gradient
        def wrong(w):
            def gradient(*args, upstream=None):
                up = args[0] if upstream is None else upstream
                return up * ops.cast(w > 0, w.dtype) * 1.1

            return ops.relu(w), gradient

        return ops.sum(wrong(w))

    check = check_gradients(relu, np.array([0.0, 2.0, -1.0]))
    assert not check.passed
    assert (1,) in [element.index for element in check.worst if element.excess > 1]
