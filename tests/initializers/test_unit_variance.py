import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.initializers import unit_variance

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(64, 12)).astype("float32")
IMAGES = RANDOM.normal(size=(16, 8, 8, 3)).astype("float32")
SEQUENCES = RANDOM.normal(size=(16, 5, 12)).astype("float32")


def preactivation(layer, inputs):
    """`Z` of a layer, by NumPy where it is dense, else by the layer without its activation."""
    inputs = np.asarray(inputs, dtype="float64")
    if isinstance(layer, layers.Dense):
        z = inputs @ np.asarray(layer.kernel, dtype="float64")
        return z + np.asarray(layer.bias) if layer.use_bias else z
    config = {**layer.get_config(), "activation": None}
    twin = type(layer).from_config(config)
    twin.build(inputs.shape)
    twin.set_weights(layer.get_weights())
    return np.asarray(twin(inputs))


def variances(model, x, names):
    """The variance of `Z` of each named layer of a functional model."""
    found = {}
    for name in names:
        layer = model.get_layer(name)
        inputs = keras.Model(model.inputs[0], layer.input)(x, training=False)
        found[name] = float(preactivation(layer, inputs).var())
    return found


def plain(activation):
    shapes = [layers.Dense(30, activation, name=f"hidden{i}") for i in range(6)]
    return keras.Sequential([keras.Input((12,)), *shapes, layers.Dense(3, "softmax", name="out")])


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu"])
def test_every_dense_layer_gets_variance_one(activation):
    model = unit_variance(plain(activation), ROWS)
    names = [f"hidden{i}" for i in range(6)] + ["out"]
    assert list(variances(model, ROWS, names).values()) == pytest.approx([1.0] * 7, rel=0.01)


def convolutional():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv")(inputs)
    side = layers.SeparableConv2D(8, 3, padding="same", activation="relu", name="separable")(x)
    side = layers.BatchNormalization()(
        layers.DepthwiseConv2D(3, padding="same", name="depth")(side)
    )
    x = layers.Dropout(0.5)(layers.add([x, side]))
    x = layers.Conv2DTranspose(4, 2, strides=2, name="up")(x)
    return keras.Model(inputs, layers.Dense(2, name="out")(layers.GlobalAveragePooling2D()(x)))


def test_convolutions_in_a_graph_with_a_skip_get_variance_one():
    model = convolutional()
    unit_variance(model, IMAGES)
    found = variances(model, IMAGES, ["conv", "separable", "depth", "up", "out"])
    assert list(found.values()) == pytest.approx([1.0] * 5, rel=0.01)


class Block(keras.layers.Layer):
    """A block whose inner layers no functional graph shows."""

    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(20, activation="tanh"), layers.Dense(12)

    def call(self, x):
        return x + self.second(self.first(x))


def test_layers_inside_a_block_with_a_skip_get_variance_one():
    block = Block()
    inner = keras.Sequential([layers.Dense(12, "relu"), block])
    unit_variance(keras.Sequential([keras.Input((12,)), inner, layers.Dense(2)]), ROWS)
    x = inner.layers[0](ROWS)
    assert preactivation(block.first, x).var() == pytest.approx(1.0, rel=0.01)
    assert preactivation(block.second, block.first(x)).var() == pytest.approx(1.0, rel=0.01)


def test_biases_count_but_are_untouched():
    dense = layers.Dense(30, bias_initializer=keras.initializers.RandomNormal(stddev=0.5))
    model = keras.Sequential([keras.Input((12,)), dense])
    bias = dense.bias.numpy()
    unit_variance(model, ROWS)
    np.testing.assert_array_equal(dense.bias.numpy(), bias)
    assert preactivation(dense, ROWS).var() == pytest.approx(1.0, rel=0.01)


def test_kernels_are_only_scaled_and_nothing_else_changes():
    model = convolutional()
    before = {v.path: v.numpy() for v in model.variables}
    keys = [set(vars(layer)) for layer in model.layers]
    unit_variance(model, IMAGES)
    scaled = {
        "conv/kernel",
        "separable/pointwise_kernel",
        "depth/kernel",
        "up/kernel",
        "out/kernel",
    }
    for variable in model.variables:
        ratio = variable.numpy() / np.where(before[variable.path] == 0, 1, before[variable.path])
        if any(variable.path.endswith(path) for path in scaled):
            np.testing.assert_allclose(ratio, np.full_like(ratio, ratio.ravel()[0]), rtol=1e-5)
            assert ratio.ravel()[0] > 0
        else:
            np.testing.assert_array_equal(variable.numpy(), before[variable.path])
    assert [set(vars(layer)) for layer in model.layers] == keys
    assert model.get_layer("conv").activation is keras.activations.relu


def test_attention_and_layers_over_time_are_scaled():
    inputs = keras.Input((5, 12))
    attention = layers.MultiHeadAttention(2, 4, name="attention")
    over_time = layers.TimeDistributed(layers.Dense(7, activation="relu"))
    x = over_time(attention(inputs, inputs))
    unit_variance(keras.Model(inputs, x), SEQUENCES)
    x = attention(SEQUENCES, SEQUENCES)
    assert np.var(np.asarray(x)) == pytest.approx(1.0, rel=0.01)
    assert preactivation(over_time.layer, x).var() == pytest.approx(1.0, rel=0.01)


def test_a_shared_layer_is_scaled_once():
    shared = layers.Dense(12, use_bias=False)
    inputs = keras.Input((12,))
    unit_variance(keras.Model(inputs, shared(shared(inputs))), ROWS)
    assert preactivation(shared, ROWS).var() == pytest.approx(1.0, rel=0.01)


def test_the_sink_hears_each_layer_s_factor():
    lines = []
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, use_bias=False, name="only")])
    model.set_weights([np.array([[2.0], [0.0]])])
    unit_variance(model, np.array([[1.0, 5.0], [-1.0, 7.0]]), sink=lines.append)
    assert lines == ["only: standard deviation 2, kernel scaled by 0.5"]


def test_zero_variance_is_refused_and_all_kernels_restored():
    model = plain("relu")
    model.get_layer("hidden3").kernel.assign(np.zeros((30, 30)))
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"layer `hidden3` must vary on `x`.*variance=0.0"):
        unit_variance(model, ROWS)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    assert "call" not in vars(model.get_layer("hidden0"))


def test_a_bias_too_large_is_refused():
    model = keras.Sequential([keras.Input((12,)), layers.Dense(2, name="only")])
    model.layers[0].bias.assign([4.0, -4.0])
    with pytest.raises(ValueError, match=r"bias of layer `only` .*variance=16"):
        unit_variance(model, ROWS)


def test_a_layer_out_of_the_forward_pass_is_named():
    class WithSpare(keras.Model):
        def __init__(self):
            super().__init__()
            self.used, self.spare = layers.Dense(4), layers.Dense(4, name="spare")
            self.spare.build((None, 4))

        def call(self, x):
            return self.used(x)

    model = WithSpare()
    model(ROWS)
    with pytest.warns(UserWarning, match="did not reach them: spare"):
        unit_variance(model, ROWS)
