"""The course's experiment: what fifty layers make of a signal."""

import math

import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.initializers import He, Xavier, signal_propagation, unit_variance
from kerasrecipes.initializers.remedies import remedies

DEPTH, WIDTH, SEEDS = 50, 128, range(3)


def examples(seed):
    return np.random.default_rng(seed).normal(size=(64, WIDTH)).astype("float32")


def network(seed, activation, initializer, depth=DEPTH):
    hidden = [
        layers.Dense(WIDTH, activation, kernel_initializer=initializer(1000 * seed + i))
        for i in range(depth)
    ]
    return keras.Sequential([keras.Input((WIDTH,)), *hidden, layers.Dense(1)])


def scaled_normal(factor):
    std = factor / math.sqrt(WIDTH)
    return lambda seed: keras.initializers.RandomNormal(stddev=std, seed=seed)


@pytest.mark.parametrize(("factor", "verdict"), [(1.5, "exploding"), (0.5, "vanishing")])
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_a_multiple_of_the_identity_has_its_factor_as_rate(factor, verdict, activation):
    initializer = keras.initializers.Identity(gain=factor)
    found = signal_propagation(network(0, activation, lambda _: initializer), examples(0))
    assert found.rate == pytest.approx((factor, factor), rel=1e-3)
    assert found.verdict == verdict


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("factor", "verdict"), [(1.5, "exploding"), (0.5, "vanishing")])
def test_a_multiple_of_a_standard_normal(factor, verdict, seed):
    found = signal_propagation(network(seed, "linear", scaled_normal(factor)), examples(seed))
    assert found.rate == pytest.approx((factor, factor), rel=0.05)
    assert found.verdict == verdict


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("initializer", "activation"),
    [
        (lambda seed: He(seed=seed), "relu"),
        (lambda seed: He(distribution="uniform", seed=seed), "relu"),
        (lambda seed: He(negative_slope=0.2, seed=seed), "leaky_relu"),
        (lambda seed: Xavier(seed=seed), "tanh"),
    ],
    ids=["he", "he-uniform", "he-leaky", "xavier"],
)
def test_he_and_xavier_hold_the_scale(initializer, activation, seed):
    found = signal_propagation(network(seed, activation, initializer), examples(seed))
    assert found.verdict == "stable"
    assert all(0.9 <= rate <= 1.1 for rate in found.rate)


@pytest.mark.parametrize(
    ("activation", "initializer", "also"),
    [
        ("relu", "He()", ""),
        ("relu6", "He()", ""),
        ("elu", "He()", ""),
        ("softplus", "He()", ""),
        ("leaky_relu", "He(negative_slope=0.2)", ""),
        ("tanh", "Xavier()", ""),
        ("selu", "Xavier()", ""),
        ("softsign", "Xavier()", ""),
        ("linear", "Xavier()", ""),
        ("gelu", "He()", "then unit_variance(model, x)"),
        ("silu", "He()", "then unit_variance(model, x)"),
        ("mish", "He()", "then unit_variance(model, x)"),
    ],
)
def test_the_remedy_of_each_activation_mends_it(activation, initializer, also):
    sick = signal_propagation(network(0, activation, scaled_normal(0.3), 12), examples(0))
    assert sick.verdict == "vanishing"
    assert sick.remedies == (
        (f"Dense with {activation}", f"kernel_initializer={initializer}", also),
    )
    scale = {"He()": {}, "He(negative_slope=0.2)": {"negative_slope": 0.2}}.get(initializer)

    def advised(seed):
        return Xavier(seed=seed) if scale is None else He(seed=seed, **scale)

    mended = network(0, activation, advised)
    if also:
        unit_variance(mended, examples(0))
    assert all(0.9 <= rate <= 1.1 for rate in signal_propagation(mended, examples(0)).rate)


def test_nothing_mends_a_sigmoid_but_another_activation():
    found = signal_propagation(network(0, "sigmoid", scaled_normal(1.0), 12), examples(0))
    assert found.rate.gradient < 0.3
    assert "and tanh instead of sigmoid" in found.advice


def test_batch_norm_holds_activations_and_lets_the_gradient_grow():
    parts = [
        part
        for seed in range(20)
        for part in (
            layers.Dense(WIDTH, kernel_initializer=scaled_normal(5.0)(seed)),
            layers.BatchNormalization(),
            layers.ReLU(),
        )
    ]
    model = keras.Sequential([keras.Input((WIDTH,)), *parts, layers.Dense(1)])
    before = model.get_weights()
    found = signal_propagation(model, examples(0))
    theory = math.sqrt(math.pi / (math.pi - 1))  # Yang et al., 2019, for ReLU
    assert found.rate == pytest.approx((1.0, theory), rel=0.03)
    assert (found.verdict, found.remedies) == ("exploding", ())
    assert found.advice.startswith("batch norm sets the scale")
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_the_remedy_of_each_kind_of_layer():
    chain = [
        (layers.Conv2D(8, 3), "Conv2D with relu", "kernel_initializer=He()"),
        layers.ReLU(),
        (
            layers.DepthwiseConv2D(3, activation="tanh"),
            "DepthwiseConv2D with tanh",
            "depthwise_initializer=Xavier(input_axes=(0, 1))",
        ),
        (
            layers.SeparableConv2D(8, 3),
            "SeparableConv2D with leaky_relu",
            "depthwise_initializer=Xavier(input_axes=(0, 1)), "
            "pointwise_initializer=He(negative_slope=0.1)",
        ),
        layers.LeakyReLU(negative_slope=0.1),
        (
            layers.Conv2DTranspose(8, 3),
            "Conv2DTranspose with prelu",
            "kernel_initializer=He(input_axes=(0, 1, 3))",
        ),
        layers.PReLU(),
        (
            layers.EinsumDense("abcd,de->abce", output_shape=(None, None, 4)),
            "EinsumDense with linear",
            "kernel_initializer=Xavier(input_axes=(0,))",
        ),
        (layers.LSTM(3), "LSTM", "kernel_initializer=Xavier(), recurrent_initializer='orthogonal'"),
        (layers.MultiHeadAttention(2, 4), "MultiHeadAttention", "kernel_initializer=Xavier()"),
    ]
    called = [part[0] if isinstance(part, tuple) else part for part in chain]
    expected = [(*part[1:], "") for part in chain if isinstance(part, tuple)]
    holder = keras.Sequential(called)
    assert list(remedies(holder, called)) == expected
