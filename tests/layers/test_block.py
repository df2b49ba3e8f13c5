import keras
import numpy as np
import pytest
from keras.src import testing

from kerasrecipes.backend import double_precision
from kerasrecipes.layers import ConvBlock, DenseBlock

BLOCKS = {
    "dense": lambda **arguments: DenseBlock(3, **arguments),
    "convolution": lambda **arguments: ConvBlock(3, 2, **arguments),
}
INPUTS = {
    "dense": np.random.default_rng(0).normal(size=(6, 4)).astype("float32"),
    "convolution": np.random.default_rng(0).normal(size=(6, 5, 5, 2)).astype("float32"),
}


def output(layer, x, training=False):
    return keras.ops.convert_to_numpy(layer(x, training=training))


class LayerTest(testing.TestCase):
    def test_keras_layer_contract_of_the_dense_block(self):
        self.run_layer_test(
            DenseBlock,
            init_kwargs={"units": 4, "activation": "tanh", "keep_prob": 0.5, "seed": 1},
            input_shape=(4, 3),
            expected_output_shape=(4, 4),
            expected_num_trainable_weights=3,
            expected_num_non_trainable_weights=2,
            expected_num_seed_generators=1,
            supports_masking=True,
        )

    def test_keras_layer_contract_without_normalisation(self):
        self.run_layer_test(
            DenseBlock,
            init_kwargs={"units": 4, "normalize": False, "kernel_regularizer": "l2"},
            input_shape=(4, 3),
            expected_output_shape=(4, 4),
            expected_num_trainable_weights=2,
            expected_num_non_trainable_weights=0,
            expected_num_seed_generators=0,
            expected_num_losses=1,
        )

    def test_keras_layer_contract_of_the_convolutional_block(self):
        self.run_layer_test(
            ConvBlock,
            init_kwargs={"filters": 4, "kernel_size": 3, "pool": "max", "keep_prob": 0.9},
            input_shape=(2, 6, 6, 3),
            expected_output_shape=(2, 3, 3, 4),
            expected_num_trainable_weights=3,
            expected_num_non_trainable_weights=2,
            expected_num_seed_generators=1,
        )


def test_the_dense_formula_in_training_and_inference():
    block = DenseBlock(3, "relu", momentum=0.5, epsilon=0.01)
    x = INPUTS["dense"]
    block.build(x.shape)
    gamma, beta = np.array([1.5, -2.0, 0.5]), np.array([0.25, 1.0, -0.5])
    block.normalization.gamma.assign(gamma)
    block.normalization.beta.assign(beta)
    z = x @ keras.ops.convert_to_numpy(block.linear.kernel)
    mean, variance = z.mean(axis=0), z.var(axis=0)
    normalized = gamma * (z - mean) / np.sqrt(variance + 0.01) + beta
    np.testing.assert_allclose(output(block, x, True), np.maximum(normalized, 0), atol=1e-5)
    mean, variance = 0.5 * mean, 0.5 + 0.5 * variance
    normalized = gamma * (z - mean) / np.sqrt(variance + 0.01) + beta
    np.testing.assert_allclose(output(block, x), np.maximum(normalized, 0), atol=1e-5)


def test_the_convolution_is_normalised_per_filter():
    block = ConvBlock(3, 2, None)
    result = output(block, INPUTS["convolution"], True)
    np.testing.assert_allclose(result.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    variance = block.linear(INPUTS["convolution"])
    variance = keras.ops.convert_to_numpy(variance).var(axis=(0, 1, 2))
    np.testing.assert_allclose(result.var(axis=(0, 1, 2)), variance / (variance + 1e-3), rtol=1e-4)


@pytest.mark.parametrize("kind", BLOCKS)
def test_the_bias_is_there_only_where_beta_is_not(kind):
    for normalize in (True, False):
        block = BLOCKS[kind](normalize=normalize)
        block.build(INPUTS[kind].shape)
        assert block.linear.use_bias is not normalize
        assert (block.normalization is not None) is normalize


@pytest.mark.parametrize("kind", BLOCKS)
def test_dropout_acts_in_training_alone(kind):
    block = BLOCKS[kind](activation=None, keep_prob=0.5, seed=0, normalize=False)
    x = np.ones_like(INPUTS[kind])
    kept, whole = output(block, x, True), output(block, x)
    assert 0 < (kept == 0).mean() < 1
    np.testing.assert_allclose(kept[kept != 0], 2 * whole[kept != 0], rtol=1e-5)


@pytest.mark.parametrize(
    ("kernel_size", "shape", "expected"),
    [
        (3, (2, 6, 6, 1), (2, 6, 6, 4)),
        ((3,), (2, 6, 1), (2, 6, 4)),
        ((2, 2, 2), (2, 4, 4, 4, 1), (2, 4, 4, 4, 4)),
    ],
)
def test_the_kernel_size_says_how_many_axes_are_convolved(kernel_size, shape, expected):
    block = ConvBlock(4, kernel_size)
    assert block.compute_output_shape(shape) == expected
    assert block(keras.Input(batch_shape=shape)).shape == expected
    assert len(block.linear.kernel_size) == len(shape) - 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"strides": 2, "padding": "valid"}, (None, 3, 3, 3)),
        ({"pool": "average", "pool_size": 4}, (None, 2, 2, 3)),
    ],
)
def test_the_output_shape_follows_the_arguments(arguments, expected):
    block = ConvBlock(3, 3, **arguments)
    assert block.compute_output_shape((None, 8, 8, 2)) == expected
    assert output(block, np.ones((1, 8, 8, 2))).shape == (1, *expected[1:])


def test_channels_first_normalises_the_channels():
    block = ConvBlock(3, 3, data_format="channels_first")
    block.build((None, 2, 8, 8))
    assert tuple(block.normalization.gamma.shape) == (3,)
    assert block.compute_output_shape((None, 2, 8, 8)) == (None, 3, 8, 8)


def test_pooling_stands_between_activation_and_dropout():
    block = ConvBlock(1, 1, None, normalize=False, pool="average", kernel_initializer="ones")
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    np.testing.assert_allclose(output(block, x)[0, :, :, 0], [[2.5, 4.5], [10.5, 12.5]])


@pytest.mark.parametrize(
    ("activation", "variance"),
    [("relu", 2.0), ("tanh", 1.0), ("selu", 1.0), (None, 1.0), ("gelu", 2.0),
     ("leaky_relu", 2 / 1.04), (keras.layers.LeakyReLU(0.5), 1.6), (keras.layers.PReLU(), 2.0),
     (keras.layers.Activation("relu"), 2.0)],
)  # fmt: skip
@pytest.mark.parametrize("kind", BLOCKS)
def test_the_default_initializer_follows_the_activation(kind, activation, variance):
    block = BLOCKS[kind](activation=activation, seed=0)
    assert block.kernel_initializer.scale == pytest.approx(variance)
    assert block.kernel_initializer.distribution == "untruncated_normal"
    assert block.kernel_initializer.seed == 0


def test_the_kernel_has_the_variance_asked_for():
    block = DenseBlock(400, "relu", seed=0)
    block.build((None, 500))
    assert keras.ops.convert_to_numpy(block.linear.kernel).var() == pytest.approx(2 / 500, rel=0.02)


@pytest.mark.parametrize(
    ("kind", "activation"),
    [
        ("dense", "relu"),
        ("dense", None),
        ("dense", keras.layers.LeakyReLU(0.5)),
        ("convolution", keras.layers.PReLU()),
    ],
)
def test_a_saved_block_gives_the_same_outputs(kind, activation, tmp_path):
    arguments = {"activation": activation, "kernel_regularizer": "l2", "keep_prob": 0.5}
    model = keras.Sequential([keras.Input(INPUTS[kind].shape[1:]), BLOCKS[kind](**arguments)])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(output(loaded, INPUTS[kind]), output(model, INPUTS[kind]))
    assert loaded.layers[0].get_config() == model.layers[0].get_config()


def test_an_activation_layer_is_copied_for_each_block():
    activation = keras.layers.PReLU()
    first, second = DenseBlock(2, activation), DenseBlock(2, activation)
    for block in (first, second):
        block.build((None, 3))
    assert first.activation is not second.activation
    assert len(first.trainable_weights) == 4


@pytest.mark.parametrize("kind", BLOCKS)
def test_the_parts_follow_the_dtype_of_the_block(kind):
    block = BLOCKS[kind](activation=keras.layers.PReLU(), keep_prob=0.5, dtype="mixed_float16")
    assert keras.backend.standardize_dtype(block(INPUTS[kind]).dtype) == "float16"
    assert {layer.compute_dtype for layer in block._flatten_layers()} == {"float16"}


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_float64_clone_computes_in_float64(kind):
    model = keras.Sequential(
        [keras.Input(INPUTS[kind].shape[1:]), BLOCKS[kind](activation=keras.layers.PReLU())]
    )

    def in_float64(layer):
        return type(layer).from_config({**layer.get_config(), "dtype": "float64"})

    with double_precision():
        clone = keras.models.clone_model(model, clone_function=in_float64)
        clone.set_weights(model.get_weights())
        result = output(clone.layers[0], INPUTS[kind].astype("float64"))
        assert {keras.backend.standardize_dtype(weight.dtype) for weight in clone.weights} == {
            "float64"
        }
    assert result.dtype == "float64"
    np.testing.assert_allclose(result, output(model, INPUTS[kind]), atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DenseBlock(0), "units"),
        (lambda: DenseBlock(3, keep_prob=0), "keep_prob=0"),
        (lambda: DenseBlock(3, "rellu"), "rellu"),
        (lambda: ConvBlock(3, padding="full"), "padding='full'"),
        (lambda: ConvBlock(3, pool="mean"), "pool='mean'"),
        (lambda: ConvBlock(3, (1, 1, 1, 1)), r"kernel_size=\(1, 1, 1, 1\)"),
    ],
)
def test_wrong_arguments_are_refused_at_once(make, message):
    with pytest.raises(ValueError, match=message):
        make()
