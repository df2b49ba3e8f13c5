"""What `curvature` refuses, in its own words."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.gradients import curvature

X, Y = np.ones((8, 4), "float32"), np.ones((8, 2), "float32")


def model_of(*parts, loss="mse"):
    model = keras.Sequential([keras.Input((4,)), *parts], name="small")
    model.compile(loss=loss)
    return model


@pytest.fixture(scope="module")
def model():
    return model_of(layers.Dense(2, name="last"))


def not_built():
    model = keras.Sequential([layers.Dense(2)], name="empty")
    model.compile(loss="mse")
    return model


def frozen():
    model = model_of(layers.Dense(2))
    model.trainable = False
    return model


class Counter(layers.Layer):
    def build(self, shape):
        self.steps = self.add_weight(shape=(), dtype="int32", initializer="zeros", name="steps")

    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: layers.Dense(2), "must be a keras.Model. Received: model=<Dense"),
        (not_built, "must be built.*model='empty', not built"),
        (lambda: model_of(layers.Dense(2), loss=None), "with a loss.*model='small' without a loss"),
        (frozen, "must have trainable variables.*model='small', all frozen"),
        (lambda: model_of(Counter(), layers.Dense(2)), "floating-point.*steps of dtype int32"),
    ],
    ids=["layer", "not built", "no loss", "frozen", "integer"],
)
def test_a_model_must_be_built_and_compiled_with_something_to_train(build, words):
    with pytest.raises(ValueError, match=f"`model` must .*{words}|`model` {words}"):
        curvature(build(), X, Y)


@pytest.mark.parametrize(
    ("x", "y", "received"),
    [
        (X[:0], Y[:0], r"arrays of \[0, 0\] examples"),
        (X[:3], Y, r"arrays of \[3, 8\] examples"),
        (X, [1, 2], "y of type list"),
        (X[:, :3], Y, r"x of shape \(8, 3\), y of shape \(8, 2\), and the cost failed: "),
        (X, np.ones((8, 3)), r"x of shape \(8, 4\), y of shape \(8, 3\), and the cost failed: "),
    ],
    ids=["empty", "lengths", "list", "features", "outputs"],
)
def test_a_batch_must_fit(model, x, y, received):
    with pytest.raises(ValueError, match=f"`x` and `y` must .*{received}"):
        curvature(model, x, y)


@pytest.mark.parametrize("k", [0, -1, 1.0, True, "1", None])
def test_k_must_count(model, k):
    with pytest.raises(ValueError, match=f"`k` must be an integer >= 1.*Received: k={k!r}"):
        curvature(model, X, Y, k)


@pytest.mark.parametrize(("chosen", "size"), [(None, 10), (["bias"], 2)])
def test_k_must_not_exceed_the_parameters(model, chosen, size):
    with pytest.raises(ValueError, match=f"`k` must be at most.*k={size + 1} for {size} param"):
        curvature(model, X, Y, size + 1, variables=chosen)


@pytest.mark.parametrize(
    ("option", "received"),
    [
        ({"tolerance": 0.0}, "tolerance=0.0"),
        ({"tolerance": 0.2}, "tolerance=0.2"),
        ({"max_products": 3, "k": 2}, "max_products=3, k=2"),
        ({"max_products": 5.0}, "max_products=5.0"),
        ({"variables": ["weight"]}, "'weight'.*Known: small/last/kernel"),
        ({"variables": []}, r"variables=\[\]"),
    ],
)
def test_options_out_of_range_are_refused(model, option, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        curvature(model, X, Y, **option)


def test_a_cost_must_be_finite(model):
    with pytest.raises(ValueError, match=r"The cost must be finite.*cost=nan"):
        curvature(model, X * np.nan, Y)


@pytest.mark.parametrize(
    ("power", "words"),
    [(0.5, "The gradient must be finite.*norm=(nan|inf)"), (1.5, "second derivatives .* must be")],
)
def test_derivatives_must_be_finite(power, words):
    model = model_of(layers.Dense(2, kernel_initializer="zeros"))
    model.compile(loss=lambda y, p: ops.mean(p**power, axis=-1))
    with pytest.raises(ValueError, match=words):
        curvature(model, X, Y)


def wrong(z):
    """`z^2`, with a derivative that no function has."""

    @ops.custom_gradient
    def by_hand(z):
        def backward(*arguments, upstream=None):
            return z * ops.sum(z) * (arguments[0] if upstream is None else upstream)

        return z**2, backward

    return by_hand(z)


@pytest.mark.parametrize("units", [2, 100])
def test_a_backward_pass_that_is_of_no_function_is_refused(units):
    model = model_of(layers.Dense(units, "tanh"), layers.Lambda(wrong), layers.Dense(2))
    with pytest.raises(ValueError, match=r"must be symmetric.*u.Hw = -?[\d.e-]+ but w.Hu = -?\d"):
        curvature(model, X, Y)


def test_a_constant_gradient_is_symmetric():
    model = model_of(layers.Dense(2))
    model.compile(loss=lambda y, p: ops.mean(p, axis=-1))
    assert curvature(model, X, Y).largest == (0.0,)
