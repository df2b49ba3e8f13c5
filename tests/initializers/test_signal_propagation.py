import math

import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.initializers import He, Xavier, signal_propagation

X = np.random.default_rng(0).normal(size=(64, 128)).astype("float32")


def network(initializer, activation, depth=50, units=128):
    hidden = [
        layers.Dense(units, activation, kernel_initializer=initializer(seed), name=f"h{seed}")
        for seed in range(depth)
    ]
    return keras.Sequential([keras.Input((X.shape[1],)), *hidden, layers.Dense(1, name="out")])


def scaled_xavier(factor):
    std = factor / math.sqrt(128)
    return lambda seed: keras.initializers.RandomNormal(stddev=std, seed=seed)


@pytest.mark.parametrize(
    ("initializer", "activation", "verdict"),
    [
        (scaled_xavier(1.5), "linear", "exploding"),
        (scaled_xavier(0.5), "linear", "vanishing"),
        (scaled_xavier(0.5), "tanh", "vanishing"),
        (scaled_xavier(0.5), "relu", "vanishing"),
        (scaled_xavier(1.0), "relu", "vanishing"),
        (scaled_xavier(2.5), "relu", "exploding"),
        (lambda seed: He(seed=seed), "relu", "stable"),
        (lambda seed: He(negative_slope=0.2, seed=seed), "leaky_relu", "stable"),
        (lambda seed: Xavier(seed=seed), "tanh", "stable"),
        (lambda seed: Xavier(seed=seed), "linear", "stable"),
    ],
)
def test_fifty_layers(initializer, activation, verdict):
    found = signal_propagation(network(initializer, activation), X)
    assert found.verdict == verdict
    if verdict == "stable":
        assert all(0.9 <= rate <= 1.1 for rate in found.rate)


@pytest.mark.parametrize("factor", [1.5, 0.5])
def test_rates_of_a_linear_network_are_the_factor(factor):
    found = signal_propagation(network(scaled_xavier(factor), "linear", depth=20), X)
    assert found.rate.activation == pytest.approx(factor, rel=0.05)
    assert found.rate.gradient == pytest.approx(factor, rel=0.05)


def test_exact_numbers_of_a_tiny_network():
    model = keras.Sequential(
        [keras.Input((2,)), *(layers.Dense(2, use_bias=False, name=name) for name in "abc")]
    )
    a, b, c = (
        np.array(m, dtype="float64")
        for m in ([[1, 2], [3, -1]], [[2, 0], [1, 1]], [[1, 4], [-2, 3]])
    )
    model.set_weights([a, b, c])
    x, y = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]]), np.zeros((3, 2))
    model.compile(loss="mse")
    found = signal_propagation(model, x, y)
    outputs = [x @ a, x @ a @ b, x @ a @ b @ c]
    at_c = 2 * (outputs[2] - y) / y.size
    gradients = [at_c @ c.T @ b.T, at_c @ c.T, at_c]
    assert [row.layer for row in found.rows] == ["a", "b", "c"]
    assert [row.activation_std for row in found.rows] == pytest.approx([z.std() for z in outputs])
    assert [row.gradient_std for row in found.rows] == pytest.approx([g.std() for g in gradients])
    assert found.rate.activation == pytest.approx(outputs[1].std() / outputs[0].std())
    assert found.rate.gradient == pytest.approx(gradients[0].std() / gradients[1].std())


def test_activation_is_taken_after_the_layer_s_own_function():
    model = network(lambda seed: He(seed=seed), "relu", depth=2)
    found = signal_propagation(model, X)
    after = np.maximum(X @ np.asarray(model.layers[0].kernel), 0)
    assert found.rows[0].activation_std == pytest.approx(after.std(), rel=1e-5)


def test_advice_names_the_initializer_that_mends_it():
    leaky = [layers.Dense(128, kernel_initializer=scaled_xavier(0.4)(i)) for i in range(8)]
    pairs = [part for dense in leaky for part in (dense, layers.LeakyReLU(negative_slope=0.1))]
    found = signal_propagation(keras.Sequential([keras.Input((128,)), *pairs]), X)
    assert "He(negative_slope=0.1)" in found.advice
    assert "He()" in signal_propagation(network(scaled_xavier(0.4), "relu", 8), X).advice
    assert "Xavier()" in signal_propagation(network(scaled_xavier(0.4), "tanh", 8), X).advice
    assert (
        signal_propagation(network(scaled_xavier(1.0), "tanh", 8), X).advice == "nothing to mend."
    )


def test_a_lost_signal_has_a_verdict():
    zeros = signal_propagation(network(lambda seed: "zeros", "relu", 5), X)
    assert (zeros.verdict, zeros.rows[2].activation_std) == ("vanishing", 0.0)
    huge = signal_propagation(network(scaled_xavier(1e12), "linear", 5), X)
    assert (huge.verdict, huge.rows[3].activation_std) == ("exploding", math.inf)


def test_a_small_change_over_few_layers_is_stable():
    assert signal_propagation(network(scaled_xavier(0.8), "linear", 4), X).verdict == "stable"
    assert signal_propagation(network(scaled_xavier(0.8), "linear", 25), X).verdict == "vanishing"


class Skip(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = layers.Dense(12)

    def call(self, x):
        return x + self.inner(x)


def test_blocks_recurrent_attention_and_shared_layers_have_rows():
    inputs = keras.Input((5, 12))
    shared = layers.Dense(12, name="shared")
    x = shared(shared(inputs))
    x = layers.MultiHeadAttention(2, 6, name="attention")(x, x)
    x = layers.SimpleRNN(4, name="recurrent")(Skip()(x))
    model = keras.Model(inputs, layers.Dropout(0.5)(layers.BatchNormalization()(x)))
    found = signal_propagation(model, np.random.default_rng(1).normal(size=(8, 5, 12)))
    names = [row.layer for row in found.rows]
    assert names[:3] == ["shared", "shared (call 2)", "attention"]
    assert "skip" in names[3]
    assert names[4] == "recurrent"
    assert all(row.gradient_std > 0 for row in found.rows)


def test_several_inputs_and_outputs():
    ids, numbers = keras.Input((4,), dtype="int32"), keras.Input((3,))
    words = layers.Flatten()(layers.Embedding(20, 6, name="words")(ids))
    x = layers.Dense(8, name="mixed")(layers.concatenate([words, numbers]))
    model = keras.Model([ids, numbers], {"a": layers.Dense(1)(x), "b": layers.Dense(2)(x)})
    random = np.random.default_rng(2)
    found = signal_propagation(
        model, [random.integers(0, 20, (16, 4)), random.normal(size=(16, 3))]
    )
    assert {"words", "mixed"} <= {row.layer for row in found.rows}


def test_the_seed_fixes_the_projection():
    model = network(lambda seed: He(seed=seed), "relu", 4)
    same, again = signal_propagation(model, X), signal_propagation(model, X)
    assert same == again
    assert signal_propagation(model, X, seed=1).rows != same.rows


def test_the_model_is_untouched():
    model = network(lambda seed: He(seed=seed), "relu", 3)
    model.layers[0].activity_regularizer = keras.regularizers.L2(0.1)
    model.compile("sgd", loss="mse")
    before, keys = model.get_weights(), [set(vars(layer)) for layer in model.layers]
    signal_propagation(model, X, np.zeros((64, 1)))
    assert [set(vars(layer)) for layer in model.layers] == keys
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    assert model.losses == []


def test_the_table_shows_rows_rates_and_verdict():
    text = str(signal_propagation(network(scaled_xavier(0.5), "tanh", 9), X))
    lines = text.splitlines()
    assert lines[0].split() == ["layer", "activation", "std", "gradient", "std"]
    assert lines[1].split()[0] == "h0"
    assert lines[-2].startswith("rate per layer")
    assert lines[-1].startswith(
        "vanishing: initialise Dense with tanh: kernel_initializer=Xavier()."
    )


def test_targets_need_a_compiled_model():
    with pytest.raises(ValueError, match=r"`y` needs a model compiled.*not compiled"):
        signal_propagation(network(scaled_xavier(1), "tanh", 2), X, np.zeros((64, 1)))


def test_one_layer_is_too_few():
    model = keras.Sequential([keras.Input((128,)), layers.Dense(1)], name="short")
    with pytest.raises(ValueError, match=r"at least two layers.*1 in model `short`"):
        signal_propagation(model, X)
