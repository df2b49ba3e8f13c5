import time

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.gradients import curvature
from kerasrecipes.regularizers import L2

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(30, 4))
Y = RANDOM.normal(size=(30, 2))


def model_of(*parts, inputs=4, loss="mse", weights=None):
    model = keras.Sequential([keras.Input((inputs,)), *parts])
    model.compile(loss=loss)
    if weights is not None:
        model.set_weights([np.asarray(weight, "float32") for weight in weights])
    return model


def with_ones(x):
    return np.c_[x, np.ones(len(x))]


def assert_extremes(found, hessian, k):
    values = np.linalg.eigvalsh(hessian)
    np.testing.assert_allclose(found.smallest, values[:k], rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(found.largest, values[::-1][:k], rtol=1e-6)
    assert found.converged
    assert found.parameters == len(hessian)


@pytest.mark.parametrize("k", [1, 3, 10])
def test_linear_regression(k):
    found = curvature(model_of(layers.Dense(2)), X, Y, k)
    hessian = np.kron(with_ones(X).T @ with_ones(X) * 2 / Y.size, np.eye(2))
    assert_extremes(found, hessian, k)
    assert found.verdict == "minimum"


@pytest.mark.parametrize("strength", [0.0, 6.0])
def test_logistic_regression_and_its_penalty(strength):
    kernel = layers.Dense(1, "sigmoid", kernel_regularizer=L2(strength, 30), use_bias=False)
    weights = RANDOM.normal(size=(4, 1)).astype("float32")
    model = model_of(kernel, loss="binary_crossentropy", weights=[weights])
    found = curvature(model, X, np.arange(30) % 2, k=2)
    p = 1 / (1 + np.exp(-X @ weights.astype("float64")[:, 0]))
    assert_extremes(found, (X.T * (p * (1 - p))) @ X / 30 + strength / 30 * np.eye(4), 2)


def backward(theta, x, y, shapes):
    """The gradient of a tanh layer and a linear one under mse, by hand."""
    sizes = [int(np.prod(shape)) for shape in shapes]
    parts = np.split(theta, np.cumsum(sizes)[:-1])
    W1, b1, W2, b2 = (part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))
    A = np.tanh(x @ W1 + b1)
    dZ2 = 2 * (A @ W2 + b2 - y) / y.size
    dZ1 = dZ2 @ W2.T * (1 - A**2)
    gradients = (x.T @ dZ1, dZ1.sum(axis=0), A.T @ dZ2, dZ2.sum(axis=0))
    return np.concatenate([gradient.ravel() for gradient in gradients])


def differenced(theta, step, *where):
    """The Hessian by central differences of the gradient, extrapolated once."""

    def central(h):
        rows = [backward(theta + h * e, *where) - backward(theta - h * e, *where) for e in basis]
        return np.stack(rows) / (2 * h)

    basis = np.eye(len(theta))
    hessian = (4 * central(step / 2) - central(step)) / 3
    return (hessian + hessian.T) / 2


@pytest.mark.parametrize(("inputs", "units", "k"), [(4, 3, 1), (4, 6, 4), (12, 21, 1), (12, 21, 3)])
def test_a_network_against_the_differenced_gradient(inputs, units, k):
    x = RANDOM.normal(size=(30, inputs))
    model = model_of(layers.Dense(units, "tanh"), layers.Dense(2), inputs=inputs)
    theta = np.concatenate([np.ravel(weight) for weight in model.get_weights()]).astype("float64")
    shapes = [weight.shape for weight in model.get_weights()]
    found = curvature(model, x, Y, k)
    assert_extremes(found, differenced(theta, 1e-3, x, Y, shapes), k)
    slope = np.linalg.norm(backward(theta, x, Y, shapes))
    assert found.gradient_norm == pytest.approx(slope, rel=1e-9)
    assert found.cost == pytest.approx(float(np.mean((np.asarray(model(x)) - Y) ** 2)), rel=1e-5)
    assert found.weights_norm == pytest.approx(np.linalg.norm(theta), rel=1e-12)


def test_copies_of_an_eigenvalue_in_a_larger_model_are_all_found():
    x = np.linalg.qr(RANDOM.normal(size=(200, 90)))[0] * np.r_[0.2, 0.5, np.ones(86), 1.5, 2]
    model = model_of(layers.Dense(3, use_bias=False), inputs=90)
    found = curvature(model, x, RANDOM.normal(size=(200, 3)), k=4)
    assert found.parameters > 256
    assert_extremes(found, np.kron(x.T @ x * 2 / 600, np.eye(3)), 4)


@pytest.mark.parametrize("part", [layers.LSTM(2), layers.Conv1D(2, 2), layers.BatchNormalization()])
def test_layers_of_every_kind_have_second_derivatives(part):
    model = keras.Sequential([keras.Input((4, 3)), part, layers.Flatten(), layers.Dense(1)])
    model.compile(loss="mse")
    x = RANDOM.normal(size=(6, 4, 3))
    found = curvature(model, x, np.ones((6, 1)))
    assert found.converged
    assert found.largest[0] > 0


def test_embeddings_have_second_derivatives():
    model = model_of(layers.Embedding(5, 2), layers.Flatten(), layers.Dense(1))
    found = curvature(model, RANDOM.integers(0, 4, (6, 4)), np.ones((6, 1)))
    assert found.smallest[0] < 0 < found.largest[0]


def square(z):
    @ops.custom_gradient
    def by_hand(z):
        def backward(*arguments, upstream=None):
            return 2 * z * (arguments[0] if upstream is None else upstream)

        return z**2, backward

    return by_hand(z)


def test_a_hand_written_backward_pass_is_differentiated_again():
    model = model_of(layers.Dense(1, use_bias=False), layers.Lambda(square), loss=None)
    model.compile(loss=lambda y, p: ops.mean(p, axis=-1))
    found = curvature(model, X, np.zeros((30, 1)))
    assert_extremes(found, 2 * X.T @ X / 30, 1)


def test_sample_weights_and_variables_choose_what_enters():
    model = model_of(layers.Dense(2, "linear"))
    weights = np.r_[np.ones(10), np.zeros(20)]
    found = curvature(model, X, Y, variables=["kernel"], sample_weight=weights)
    assert_extremes(found, np.kron(X[:10].T @ X[:10] * 2 / Y.size, np.eye(2)), 1)


def two_layers(output_bias=0.0, units=3):
    """All zero but the last bias: the saddle that symmetric initialisation begins at."""
    shapes = [(4, units), (units,), (units, 2)]
    zeros = [np.zeros(shape) for shape in shapes]
    parts = layers.Dense(units), layers.Dense(2)
    return model_of(*parts, weights=[*zeros, np.broadcast_to(output_bias, 2)])


def test_two_linear_layers_of_zeros_are_a_saddle():
    found = curvature(two_layers(Y.mean(axis=0)), X, Y)
    singular = np.linalg.svd(X.T @ (Y - Y.mean(axis=0)) * 2 / Y.size, compute_uv=False)
    assert (found.verdict, found.critical) == ("saddle", True)
    assert found.smallest[0] == pytest.approx(-singular[0], rel=1e-6)
    assert "at a critical point" in str(found)


def test_at_the_least_squares_the_verdict_is_a_minimum():
    solution = np.linalg.lstsq(with_ones(X), Y, rcond=None)[0]
    found = curvature(model_of(layers.Dense(2), weights=[solution[:4], solution[4]]), X, Y)
    assert (found.verdict, found.critical) == ("minimum", True)
    assert found.smallest[0] > 0.1


def test_more_weights_than_examples_are_a_minimum_with_flat_ways():
    x, y = RANDOM.normal(size=(3, 4)), RANDOM.normal(size=(3, 1))
    solution = np.linalg.lstsq(x, y, rcond=None)[0]
    found = curvature(model_of(layers.Dense(1, use_bias=False), weights=[solution]), x, y)
    assert (found.verdict, found.critical) == ("minimum", True)
    assert abs(found.smallest[0]) < 1e-12
    assert "flat some way" in found.evidence


def test_a_maximum_is_a_saddle_that_says_so():
    model = model_of(layers.Dense(1, use_bias=False), weights=[np.zeros((4, 1))])
    model.compile(loss=lambda y, p: 1 - ops.mean(p**2, axis=-1))
    found = curvature(model, X, Y[:, :1])
    assert (found.verdict, found.critical) == ("saddle", True)
    assert "a maximum" in found.evidence


def test_saturated_sigmoids_are_a_plateau():
    hidden, output = layers.Dense(3, "sigmoid"), layers.Dense(1, "sigmoid")
    weights = [30 * np.ones((4, 3)), 9 * np.ones(3), -20 * np.ones((3, 1)), [-20.0]]
    found = curvature(model_of(hidden, output, weights=weights), abs(X) + 1, np.ones((30, 1)))
    assert (found.verdict, found.critical) == ("plateau", True)
    assert found.cost == pytest.approx(1)


def test_three_linear_layers_of_zeros_are_a_plateau():
    parts = [layers.Dense(2, use_bias=False) for _ in range(3)]
    shapes = [(4, 2), (2, 2), (2, 2)]
    found = curvature(model_of(*parts, weights=[np.zeros(shape) for shape in shapes]), X, Y)
    assert found.verdict == "plateau"
    assert found.smallest == found.largest == (0.0,)


def test_a_convex_slope_is_not_passed_off_as_a_minimum():
    found = curvature(model_of(layers.Dense(2), weights=[np.ones((4, 2)), [5, 5]]), X, Y)
    assert found.verdict == "minimum"
    assert not found.critical
    assert str(found).startswith("curvature: minimum, on a slope:")


def test_a_million_parameters_take_a_bounded_number_of_products_and_seconds():
    x = RANDOM.normal(size=(8, 1000))
    model = model_of(layers.Dense(1000, use_bias=False), inputs=1000)
    started = time.perf_counter()
    found = curvature(model, x, np.zeros((8, 1000)))
    assert found.seconds <= time.perf_counter() - started < 60
    assert found.parameters == 1_000_000
    assert found.products < 40
    largest = np.linalg.eigvalsh(x @ x.T * 2 / 8000)[-1]
    assert found.largest[0] == pytest.approx(largest, rel=1e-6)
    assert found.smallest[0] == pytest.approx(0, abs=1e-6 * largest)


def test_the_text_says_what_was_found():
    found = curvature(two_layers(), X, Y, k=2)
    lines = str(found).splitlines()
    assert lines[0].startswith(f"curvature: saddle, on a slope: {found.evidence}")
    assert lines[1].startswith(f"  smallest eigenvalues  {found.smallest[0]:.6g} (residual ")
    assert f", {found.largest[1]:.6g} (residual " in lines[2]
    assert f"gradient norm {found.gradient_norm:.3g}" in lines[3]
    assert lines[4].startswith(f"  23 parameters, {found.products} Hessian-vector products, ")
    assert lines[4].endswith(" s, converged")
