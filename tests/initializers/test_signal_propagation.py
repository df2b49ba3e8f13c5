import math

import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.initializers import He, signal_propagation

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
    ("factor", "activation", "verdict"),
    [
        (0.5, "tanh", "vanishing"),
        (0.5, "relu", "vanishing"),
        (1.0, "relu", "vanishing"),
        (2.5, "relu", "exploding"),
    ],
)
def test_verdicts_under_an_activation(factor, activation, verdict):
    assert signal_propagation(network(scaled_xavier(factor), activation), X).verdict == verdict


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


def test_functional_subclassed_and_nested_models_agree():
    parts = [layers.Dense(16, "tanh", name=f"h{i}") for i in range(3)] + [layers.Dense(2)]

    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.parts = parts

        def call(self, x):
            for part in self.parts:
                x = part(x)
            return x

    inputs = keras.Input((128,))
    nested = keras.Sequential([keras.Input((16,)), *parts[1:3]])
    functional = keras.Model(inputs, parts[3](nested(parts[0](inputs))))
    subclassed = Subclassed()
    subclassed(X)
    found = [signal_propagation(model, X) for model in (functional, subclassed)]
    assert found[0].rate == found[1].rate
    assert [row[1:] for row in found[0].rows] == [row[1:] for row in found[1].rows]


def test_one_pass_forward_and_one_backward():
    passes = []

    @keras.ops.custom_gradient
    def counted(x):
        passes.append("forward")

        def gradient(*args, upstream=None):
            passes.append("backward")
            return args[0] if upstream is None else upstream

        return x, gradient

    class Counter(layers.Layer):
        def call(self, x):
            return counted(x)

    model = keras.Sequential(
        [keras.Input((128,)), layers.Dense(8), Counter(), layers.Dense(8), layers.Dense(1)]
    )
    passes.clear()
    assert signal_propagation(model, X).rows[0].gradient_std > 0
    assert passes == ["forward", "backward"]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "stable"), (0.5, "vanishing")])
def test_mixed_precision(policy, factor, verdict):
    keras.config.set_dtype_policy(policy)
    try:
        model = network(scaled_xavier(factor), "linear")
    finally:
        keras.config.set_dtype_policy("float32")
    found = signal_propagation(model, X)
    assert found.rate == pytest.approx((factor, factor), rel=0.05)
    assert found.verdict == verdict


def test_rematerialised_layers_have_the_same_signal():
    plain = network(lambda seed: He(seed=seed), "relu", 4)
    with keras.RematScope("full"):
        again = network(lambda seed: He(seed=seed), "relu", 4)
        again.set_weights(plain.get_weights())
        found = signal_propagation(again, X)
    assert found.rows == signal_propagation(plain, X).rows
    assert again.layers[0]._remat_mode is not None


def test_a_signal_that_goes_on_by_a_state_has_a_gradient():
    inputs = keras.Input((5, 12))
    _, *state = layers.LSTM(8, return_state=True, name="encoder")(inputs)
    decoded = layers.LSTM(8, name="decoder")(inputs, initial_state=state)
    model = keras.Model(inputs, layers.Dense(3)(decoded))
    found = signal_propagation(model, np.random.default_rng(3).normal(size=(8, 5, 12)))
    assert found.rows[0].layer == "encoder"
    assert found.rows[0].gradient_std > 0


def test_every_output_of_several_is_left_out_of_the_rates():
    inputs = keras.Input((128,))
    x = inputs
    for seed in range(12):
        x = layers.Dense(128, kernel_initializer=scaled_xavier(1.0)(seed))(x)
    tiny = layers.Dense(1, kernel_initializer=scaled_xavier(1e-9)(99), name="tiny")(x)
    model = keras.Model(inputs, [tiny, layers.Dense(1)(x)])
    assert signal_propagation(model, X).verdict == "stable"


def test_the_cost_of_several_outputs_with_activity_penalty():
    inputs = keras.Input((3,))
    hidden = layers.Dense(3, use_bias=False, activity_regularizer=keras.regularizers.L2(0.5))
    middle = layers.Dense(3, use_bias=False)
    x = hidden(inputs)
    z = middle(x)
    outputs = {n: layers.Dense(1, use_bias=False, name=n)(z) for n in "ab"}
    model = keras.Model(inputs, outputs)
    model.compile(loss={"a": "mse", "b": "mse"}, metrics={"a": ["mae"]})
    random = np.random.default_rng(4)
    x = random.normal(size=(6, 3)).astype("float32")
    y = {name: random.normal(size=(6, 1)).astype("float32") for name in "ab"}
    found = signal_propagation(model, x, y)
    w, v = (np.asarray(layer.kernel, "float64") for layer in (hidden, middle))
    at_z = sum(
        2 * (x @ w @ v @ k - y[name]) / 6 @ k.T
        for name in "ab"
        for k in [np.asarray(model.get_layer(name).kernel, "float64")]
    )
    at_x = at_z @ v.T + 2 * 0.5 * (x @ w) / 6  # Keras divides activity penalties by the batch
    assert found.rows[0].gradient_std == pytest.approx(at_x.std(), rel=1e-4)
    assert found.rows[1].gradient_std == pytest.approx(at_z.std(), rel=1e-4)


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
