import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.initializers import unit_variance
from kerasrecipes.layers import ConvBlock, DenseBlock

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


def submodel_variances(model, x, names):
    """The variances of linear layers without an activation, by a plain Keras model."""
    outputs = keras.Model(model.inputs[0], [model.get_layer(name).output for name in names])(x)
    return [float(np.asarray(output, "float64").var()) for output in outputs]


def residual_1d(normalize):
    inputs = keras.Input((20, 6))
    x = layers.Conv1D(8, 3, padding="same", name="stem")(inputs)
    names = ["stem"]
    for i in range(4):
        y = layers.BatchNormalization()(x) if normalize else x
        y = layers.Conv1D(8, 3, padding="same", name=f"first{i}")(layers.ReLU()(y))
        y = layers.Activation("gelu")(y)
        y = layers.SeparableConv1D(8, 3, padding="same", name=f"second{i}")(y)
        x = layers.add([x, y])
        names += [f"first{i}", f"second{i}"]
    x = layers.Dense(3, name="head")(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, x), [*names, "head"]


def branches(normalize):
    inputs = keras.Input((20, 6))
    towers = [layers.Conv1D(4, k, padding="same", name=f"tower{k}")(inputs) for k in (1, 3, 5)]
    joined = layers.concatenate([layers.ReLU()(tower) for tower in towers])
    joined = layers.BatchNormalization()(joined) if normalize else joined
    left = layers.DepthwiseConv1D(3, name="left")(joined)
    right = layers.Conv1D(12, 3, strides=1, name="right")(joined)
    merged = layers.multiply([left, layers.Activation("sigmoid")(right)])
    return keras.Model(inputs, layers.Dense(2, name="head")(merged)), [
        "tower1", "tower3", "tower5", "left", "right", "head",
    ]  # fmt: skip


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("build", [residual_1d, branches])
@pytest.mark.parametrize("scale", [0.1, 20.0])
def test_skips_and_branches_get_variance_one_in_every_layer(build, normalize, scale):
    model, names = build(normalize)
    model.set_weights(
        [weight * scale if weight.ndim > 1 else weight for weight in model.get_weights()]
    )
    x = RANDOM.normal(size=(16, 20, 6)).astype("float32")
    unit_variance(model, x)
    assert submodel_variances(model, x, names) == pytest.approx([1.0] * len(names), rel=0.01)


@pytest.mark.parametrize("normalize", [False, True])
def test_our_blocks_with_a_skip_get_variance_one(normalize):
    options = {"normalize": normalize}
    inputs = keras.Input((8, 8, 3))
    x = ConvBlock(6, 3, "relu", name="conv1", **options)(inputs)
    x = layers.add([x, ConvBlock(6, 3, "tanh", name="conv2", **options)(x)])
    x = DenseBlock(10, "relu", keep_prob=0.5, name="dense1", **options)(layers.Flatten()(x))
    x = layers.add([x, DenseBlock(10, "gelu", name="dense2", **options)(x)])
    model = unit_variance(keras.Model(inputs, layers.Dense(1)(x)), IMAGES)
    for name in ("conv1", "conv2", "dense1", "dense2"):
        block = model.get_layer(name)
        z = block.linear(keras.Model(inputs, block.input)(IMAGES))
        assert np.asarray(z, "float64").var() == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_gets_variance_one(policy):
    dense = [layers.Dense(30, dtype=policy, name=f"h{i}") for i in range(3)]
    model = unit_variance(keras.Sequential([keras.Input((12,)), *dense]), ROWS)
    found = submodel_variances(model, ROWS, ["h0", "h1", "h2"])
    assert found == pytest.approx([1.0] * 3, rel=0.01)


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
