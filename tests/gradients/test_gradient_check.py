import keras
import numpy as np
import pytest
from keras import layers, ops

from benchmarks.gradient_cases.every_model import Subclassed
from kerasrecipes.gradients import gradient_check
from kerasrecipes.layers import ConvBlock, DenseBlock, InvertedDropout, Standardize
from kerasrecipes.regularizers import L1, L2

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(8, 4)).astype("float32")
Y = RANDOM.normal(size=(8, 2)).astype("float32")
IMAGES = RANDOM.normal(size=(3, 6, 6, 2)).astype("float32")
TOKENS = RANDOM.integers(0, 5, (6, 4))


def model_of(*parts, inputs=(4,), loss="mse", **options):
    model = keras.Sequential([keras.Input(inputs), *parts])
    model.compile(loss=loss, **options)
    return model


class Sine(layers.Layer):
    """A custom layer that is not registered."""

    def __init__(self, frequency, **kwargs):
        super().__init__(**kwargs)
        self.frequency = frequency

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")

    def call(self, inputs):
        return ops.sin(self.frequency * inputs) * self.scale

    def get_config(self):
        return {**super().get_config(), "frequency": self.frequency}


HONEST = {
    "dense": lambda: [layers.Dense(3, "tanh")],
    "standardize": lambda: [Standardize(mean=[0, 1, 2, 3], variance=[1, 2, 3, 4])],
    "layer norm": lambda: [layers.Dense(3), layers.LayerNormalization()],
    "dense block": lambda: [DenseBlock(4, "relu", keep_prob=0.5), InvertedDropout(0.7)],
    "custom layer": lambda: [layers.Dense(3), Sine(2.0)],
    "lambda": lambda: [layers.Dense(3), layers.Lambda(lambda z: ops.tanh(z) * 2)],
    "leaky": lambda: [layers.Dense(6, layers.LeakyReLU(0.1)), layers.Dense(3, "silu")],
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_layers_are_never_blamed(name):
    check = gradient_check(model_of(*HONEST[name](), layers.Dense(2)), X, Y)
    assert check.passed, check
    assert check.verdict == "great"
    assert not check.kinks


class Noisy(layers.Layer):
    """Random in training, by a generator of its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generator = keras.random.SeedGenerator(0)

    def call(self, inputs, training=None):
        noise = keras.random.normal(ops.shape(inputs), seed=self.generator, dtype=inputs.dtype)
        return inputs * (1 + noise) if training else inputs


def test_layers_that_stay_random_draw_the_same_numbers_each_time():
    model = model_of(Noisy(), layers.GaussianNoise(0.5), layers.Dense(3, "tanh"), layers.Dense(2))
    state = ops.convert_to_numpy(model.layers[0].generator.state)
    check = gradient_check(model, X, Y)
    assert check.passed, check
    np.testing.assert_array_equal(ops.convert_to_numpy(model.layers[0].generator.state), state)


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_is_checked_in_training_and_in_inference_mode(training):
    model = model_of(layers.Dense(3), layers.BatchNormalization(), layers.Dense(2))
    model.layers[1].moving_mean.assign([1.0, 2.0, 3.0])
    check = gradient_check(model, X, Y, training=training)
    assert check.passed, check
    bias = check.variables[model.layers[0].bias.path]
    by_hand = np.abs([e.analytic for e in check.worst if e.variable.endswith("dense/bias")])
    assert bias.checked == 3
    # The batch's own mean takes a constant shift of Z away again: no gradient in training.
    assert not training or (by_hand < 1e-12).all()


@pytest.mark.parametrize(
    "parts",
    [
        [layers.Conv2D(2, 3, activation="relu"), layers.MaxPooling2D()],
        [ConvBlock(2, 3, "relu", pool="max", keep_prob=0.8)],
    ],
    ids=["conv", "conv block"],
)
def test_honest_convolutions_are_never_blamed(parts):
    model = model_of(
        *parts,
        layers.Flatten(),
        layers.Dense(3, "softmax"),
        inputs=(6, 6, 2),
        loss="sparse_categorical_crossentropy",
    )
    check = gradient_check(model, IMAGES, np.array([0, 2, 1]))
    assert check.passed, check
    assert check.distance < 1e-7


@pytest.mark.parametrize("recurrent", [layers.LSTM, layers.GRU])
def test_honest_embeddings_and_recurrent_layers_are_never_blamed(recurrent):
    model = model_of(
        layers.Embedding(5, 2, mask_zero=True),
        recurrent(2, dropout=0.4, recurrent_dropout=0.4),
        layers.Dense(2),
        inputs=(4,),
    )
    check = gradient_check(model, TOKENS, Y[:6], method="directional")
    assert check.passed, check


def test_honest_attention_is_never_blamed():
    inputs = keras.Input((4, 3))
    outputs = layers.MultiHeadAttention(2, 2, dropout=0.3)(inputs, inputs)
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(outputs)))
    model.compile(loss="mse")
    check = gradient_check(
        model, RANDOM.normal(size=(5, 4, 3)).astype("float32"), Y[:5], method="directional"
    )
    assert check.passed, check


@pytest.mark.parametrize("seed", range(10))
def test_random_small_models_pass_within_their_noise(seed):
    keras.utils.set_random_seed(seed)
    random = np.random.default_rng(seed)
    activation = ["relu", "tanh", "gelu", "elu", "hard_sigmoid"][seed % 5]
    model = model_of(layers.Dense(2 + seed % 3, activation), layers.Dense(2), loss="mae")
    scale = 10.0 ** random.integers(-2, 3)
    x, y = random.normal(size=(5, 4)) * scale, random.normal(size=(5, 2))
    check = gradient_check(model, x, y, seed=seed)
    assert check.passed, check
    assert check.distance <= 10 * check.noise + 1e-9
    assert max(element.excess for element in check.worst) <= 1


def test_cost_has_regularizers_and_activity_regularizers():
    one = layers.Dense(3, kernel_regularizer=L1(5.0, 10), bias_initializer="ones")
    two = layers.Dense(2, kernel_regularizer=L2(3.0, 10), activity_regularizer="l2")
    model = model_of(one, two)
    check = gradient_check(model, X, Y, variables=[two.kernel])
    assert check.passed, check
    hidden, outputs = np.asarray(one(X)), np.asarray(model(X))
    by_output = 2 * (outputs - Y) / Y.size + 2 * 0.01 * outputs / len(X)
    expected = hidden.T @ by_output + 3.0 / 10 * np.asarray(two.kernel)
    found = {element.index: element.numeric for element in check.worst}
    assert found == pytest.approx({i: expected[i] for i in np.ndindex(3, 2)}, rel=1e-4)


def test_two_inputs_two_outputs_loss_weights_and_sample_weights():
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    hidden = layers.Dense(3, "tanh")(layers.Concatenate()([a, b]))
    outputs = {"one": layers.Dense(1)(hidden), "two": layers.Dense(3, "softmax")(hidden)}
    model = keras.Model({"a": a, "b": b}, outputs)
    losses = {"one": "mse", "two": "sparse_categorical_crossentropy"}
    x = {"a": X, "b": RANDOM.normal(size=(8, 3))}
    y = {"one": Y[:, :1], "two": RANDOM.integers(0, 3, 8)}
    norms = []
    for weight in (1.0, 4.0):
        model.compile(loss=losses, loss_weights={"one": weight, "two": 0.0})
        check = gradient_check(model, x, y, sample_weight={"one": np.arange(8.0), "two": None})
        assert check.passed, check
        norms.append(max(abs(element.numeric) for element in check.worst))
    assert norms[1] > 3 * norms[0] > 0


def test_sample_weights_of_zero_leave_no_gradient():
    model = model_of(layers.Dense(2))
    check = gradient_check(model, X, Y, sample_weight=np.zeros(8))
    assert check.passed
    assert check.distance == 0
    assert [element.numeric for element in check.worst] == [0.0] * 10


def test_shared_and_nested_layers():
    shared, inputs = layers.Dense(4, "tanh"), keras.Input((4,))
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, "tanh"), layers.Dropout(0.5)])
    inner.compile(loss=lambda y, p: ops.mean(y - p))
    model = keras.Model(inputs, layers.Dense(2)(inner(shared(shared(inputs)))))
    model.compile(loss="mse")
    check = gradient_check(model, X, Y)
    assert check.passed, check
    assert len(check.variables) == 6
    assert inner.compiled
    assert model.compiled


@pytest.mark.parametrize("frozen", [False, True])
def test_subclassed_models_and_what_is_frozen_inside_them(frozen):
    model = Subclassed(3)
    model(X)
    model.one.trainable = not frozen
    model.compile(loss="mse")
    check = gradient_check(model, X, Y)
    assert check.passed
    assert list(check.variables) == [variable.path for variable in model.trainable_variables]
    counts = [variable.checked for variable in check.variables.values()]
    assert counts == ([6, 2] if frozen else [12, 3, 6, 2])


class SameNames(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.one, self.two = layers.Dense(4, name="same"), layers.Dense(4, name="same")

    def build(self, shape):
        self.one.build(shape)
        self.two.build(shape)

    def call(self, inputs):
        return self.two(self.one(inputs))


def test_variables_of_one_path_are_told_apart():
    check = gradient_check(model_of(SameNames(name="block"), layers.Dense(2)), X, Y)
    assert [name.split("block/")[-1] for name in check.variables][:4] == [
        "same/kernel",
        "same/bias",
        "same/kernel (2)",
        "same/bias (2)",
    ]
    assert sum(variable.checked for variable in check.variables.values()) == 50


def scaled(factor):
    def activation(z):
        return ops.tanh(factor * z)

    return activation


def test_functions_of_one_name_and_lambdas_are_copied_as_they_are():
    one, two = layers.Dense(3, scaled(1.0)), layers.Dense(2, scaled(3.0))
    three = layers.Dense(2, lambda z: 2 * z, kernel_regularizer=lambda w: ops.sum(w**4))
    model = model_of(one, two, three)
    check = gradient_check(model, X, Y, variables=[three.kernel])
    assert check.passed, check
    hidden = np.tanh(3 * np.tanh(X @ np.asarray(one.kernel)) @ np.asarray(two.kernel))
    kernel = np.asarray(three.kernel)
    expected = hidden.T @ (2 * (2 * hidden @ kernel - Y) * 2 / Y.size) + 4 * kernel**3
    found = {element.index: element.numeric for element in check.worst}
    assert found == pytest.approx({i: expected[i] for i in np.ndindex(2, 2)}, rel=1e-4)
    names = [layer.activation.__name__ for layer in (one, two, three)]
    assert names == ["activation", "activation", "<lambda>"]


class Weighted(keras.losses.Loss):
    """A loss with a state that its config does not have."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def call(self, y_true, y_pred):
        return self.weight * ops.mean((y_true - y_pred) ** 2, axis=-1)


class Quartic:
    """A loss that is neither a function nor a Keras object."""

    def __call__(self, y_true, y_pred):
        return ops.mean((y_true - y_pred) ** 4)


@pytest.mark.parametrize(
    ("loss", "derivative"),
    [
        (Weighted(3.0), lambda error: 3 * 2 * error),
        (Quartic(), lambda error: 4 * error**3),
        (lambda y, p: ops.mean((y - p) ** 2, axis=-1), lambda error: 2 * error),
    ],
    ids=["subclass", "object", "lambda"],
)
def test_custom_losses(loss, derivative):
    model = model_of(layers.Dense(2), loss=loss)
    check = gradient_check(model, X, Y, variables="bias")
    assert check.passed, check
    expected = derivative(np.asarray(model(X)) - Y).sum(axis=0) / Y.size
    found = {element.index[0]: element.analytic for element in check.worst}
    assert found == pytest.approx(dict(enumerate(expected)), rel=1e-4)


class Penalised(layers.Layer):
    def call(self, inputs):
        self.add_loss(ops.sum(inputs**2))
        return inputs


def test_a_model_whose_whole_cost_is_added_by_its_layers():
    model = model_of(layers.Dense(2), Penalised(), loss=None)
    check = gradient_check(model, X, None)
    assert check.passed
    assert check.worst[0].numeric != 0


class SquaredByHand(layers.Layer):
    """Adds a cost with a gradient of its own, which takes no TensorFlow variables."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")

    def call(self, inputs):
        @ops.custom_gradient
        def square(z, scale):
            def gradient(*args, upstream=None):
                up = args[0] if upstream is None else upstream
                return 2 * up * scale * z, up * ops.sum(z**2, axis=0)

            return ops.sum(scale * z**2), gradient

        self.add_loss(square(inputs, ops.convert_to_tensor(self.scale)))
        return inputs


def test_a_cost_that_is_all_custom_gradients():
    check = gradient_check(model_of(layers.Dense(2), SquaredByHand(), loss=None), X, None)
    assert check.passed, check
    assert [variable.checked for variable in check.variables.values()] == [8, 2, 2]


def test_weights_and_penalties_that_stay_in_float32_are_widened():
    """LoRA's weights are float32 by Keras's design; so is, on TensorFlow, this penalty's factor."""
    penalty = keras.regularizers.OrthogonalRegularizer(0.1)
    model = model_of(layers.Dense(3, lora_rank=1), layers.Dense(2, kernel_regularizer=penalty))
    model.layers[0].lora_kernel_b.assign(np.ones((1, 3)))
    check = gradient_check(model, X, Y)
    assert check.passed, check
    assert [v.dtype for v in model.weights] == ["float32"] * 6
    assert keras.backend.standardize_dtype(ops.convert_to_tensor(penalty.factor).dtype) == "float32"


def test_mixed_precision_models_are_checked_in_float64():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = model_of(layers.Dense(3, "tanh"), layers.BatchNormalization(), layers.Dense(2))
    finally:
        keras.config.set_dtype_policy(policy)
    check = gradient_check(model, X, Y)
    assert check.passed
    assert check.verdict == "great"
    assert model.compute_dtype == "float16"


@pytest.mark.parametrize("scale", [5e4, 1e7])
def test_steep_costs_are_not_taken_for_bugs(scale):
    model = model_of(layers.Dense(4, "tanh"), layers.Dense(3, "sigmoid"), layers.Dense(2))
    assert gradient_check(model, X * scale, Y).passed


@pytest.mark.parametrize("epsilon", [1e-9, 1e-5, 1e-3])
def test_the_step_is_not_taken_for_a_bug(epsilon):
    model = model_of(layers.Dense(4, "tanh"), layers.Dense(2))
    check = gradient_check(model, X, Y, epsilon=epsilon)
    assert check.passed
    assert check.epsilon == epsilon


def test_a_perfect_fit_passes():
    model = model_of(layers.Dense(2, kernel_initializer="ones", bias_initializer="ones"))
    y = X.astype("float64") @ np.ones((4, 2)) + 1
    assert gradient_check(model, X, y).passed


def test_directional_takes_four_directions_of_each_variable():
    model = model_of(layers.Dense(40, "tanh"), layers.Dense(2))
    check = gradient_check(model, X, Y, method="directional")
    assert check.passed
    assert check.method == "directional"
    assert [variable.checked for variable in check.variables.values()] == [4] * 4
    assert {element.index for element in check.worst} <= {(0,), (1,), (2,), (3,)}


@pytest.mark.parametrize(("units", "method"), [(3, "exact"), (2_001, "directional")])
def test_auto_is_exact_up_to_10000_elements(units, method):
    model = model_of(layers.Dense(units, "tanh"), layers.Dense(2), inputs=(4,))
    variables = None if units == 3 else [model.layers[0].kernel, model.layers[1].kernel]
    assert gradient_check(model, X, Y, method="auto", variables=variables).method == method


def test_the_same_seed_draws_the_same_directions():
    model = model_of(layers.Dense(3, "tanh"), layers.Dense(2))
    one, two, other = (
        [e.analytic for e in gradient_check(model, X, Y, method="directional", seed=seed).worst]
        for seed in (1, 1, 2)
    )
    assert sorted(one) == sorted(two)
    assert sorted(one) != pytest.approx(sorted(other))


@pytest.fixture(scope="module")
def two_layers():
    return model_of(layers.Dense(3, "tanh", name="one"), layers.Dense(2, name="two"))


@pytest.mark.parametrize(
    ("choose", "paths"),
    [
        (lambda model: [model.layers[1].bias], ["two/bias"]),
        (lambda model: ["kernel"], ["one/kernel", "two/kernel"]),
        (lambda model: "bias", ["one/bias", "two/bias"]),
        (lambda model: [model.layers[0].kernel.path], ["one/kernel"]),
    ],
    ids=["variable", "name", "bare name", "path"],
)
def test_only_the_chosen_variables_are_checked(two_layers, choose, paths):
    check = gradient_check(two_layers, X, Y, variables=choose(two_layers))
    assert ["/".join(name.split("/")[-2:]) for name in check.variables] == paths


def test_inputs_may_be_tensors():
    model = model_of(layers.Dense(2))
    x, y = ops.convert_to_tensor(X), ops.convert_to_tensor(Y)
    assert gradient_check(model, x, y).passed
