import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.layers import (
    ConvBlock,
    DenseBlock,
    InvertedDropout,
    fold_batch_normalization,
)

RANDOM = np.random.default_rng(0)


def norm(**arguments):
    return layers.BatchNormalization(**arguments)


def with_random_weights(model):
    """The model, its norms far from identity."""
    for variable in model.weights:
        if "variance" in variable.name:
            variable.assign(RANDOM.uniform(0.2, 4, variable.shape))
        else:
            variable.assign(RANDOM.normal(0.3, 0.7, variable.shape))
    return model


def sequential(shape, *parts):
    return with_random_weights(keras.Sequential([keras.Input(shape), *parts]))


def norms(model):
    kind = layers.BatchNormalization
    return [layer for layer in model._flatten_layers() if isinstance(layer, kind)]


def inferred(model, x):
    """The outputs in inference; call by call, which for one batch is faster than compiling."""
    return keras.tree.map_structure(keras.ops.convert_to_numpy, model(x, training=False))


def check(model, unfolded=()):
    """Same outputs, original untouched, and exactly the norms named stay. Returns the copy."""
    tensors = [RANDOM.normal(1, 2, (3, *tensor.shape[1:])) for tensor in model.inputs]
    x = [tensor.astype("float32") for tensor in tensors]
    x = x if len(x) > 1 else x[0]
    before = [weight.copy() for weight in model.get_weights()]
    expected = inferred(model, x)
    reported = []
    folded = fold_batch_normalization(model, report=reported.extend)
    keras.tree.map_structure(
        lambda one, two: np.testing.assert_allclose(
            one, two, rtol=1e-5, atol=1e-5 * np.abs(two).max()
        ),
        inferred(folded, x),
        expected,
    )
    for one, two in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, two)
    assert sorted(one.name for one in reported) == sorted(unfolded)
    assert sorted(layer.name for layer in norms(folded)) == sorted(unfolded)
    return folded


AFTER = {
    "dense": ((4,), lambda: layers.Dense(3)),
    "dense without bias": ((4,), lambda: layers.Dense(3, use_bias=False)),
    "dense on sequences": ((5, 4), lambda: layers.Dense(3)),
    "conv 2d": ((6, 6, 2), lambda: layers.Conv2D(3, 2, padding="same", use_bias=False)),
    "conv 1d": ((6, 2), lambda: layers.Conv1D(3, 2, padding="causal", dilation_rate=2)),
    "conv 3d": ((4, 4, 4, 2), lambda: layers.Conv3D(3, 2)),
    "groups": ((6, 6, 4), lambda: layers.Conv2D(6, 3, groups=2)),
    "depthwise 1d": ((6, 3), lambda: layers.DepthwiseConv1D(2, padding="same")),
    "depthwise 2d": ((6, 6, 3), lambda: layers.DepthwiseConv2D(2, strides=2, depth_multiplier=2)),
    "separable 1d": ((6, 3), lambda: layers.SeparableConv1D(4, 2, depth_multiplier=2)),
    "separable 2d": ((6, 6, 3), lambda: layers.SeparableConv2D(4, 2, use_bias=False)),
    "transposed 1d": ((6, 3), lambda: layers.Conv1DTranspose(4, 2, strides=2)),
    "transposed 2d": ((5, 5, 3), lambda: layers.Conv2DTranspose(4, 3, padding="same")),
    "transposed 3d": ((3, 3, 3, 2), lambda: layers.Conv3DTranspose(4, 2, use_bias=False)),
}
BEFORE = {
    "dense": ((4,), lambda: layers.Dense(3, activation="tanh")),
    "dense without bias": ((5, 4), lambda: layers.Dense(3, use_bias=False)),
    "conv 1d": ((6, 2), lambda: layers.Conv1D(3, 2, activation="relu")),
    "conv 2d": ((6, 6, 2), lambda: layers.Conv2D(3, 2, strides=2, use_bias=False)),
    "groups": ((6, 6, 4), lambda: layers.Conv2D(6, 3, groups=2)),
    "one by one with padding": ((6, 6, 2), lambda: layers.Conv2D(3, 1, padding="same")),
    "conv 3d": ((4, 4, 4, 2), lambda: layers.Conv3D(3, 2)),
    "dilated": ((8, 8, 2), lambda: layers.Conv2D(3, 2, dilation_rate=2)),
    "depthwise 1d": ((6, 3), lambda: layers.DepthwiseConv1D(2, depth_multiplier=2)),
    "depthwise 2d": ((6, 6, 3), lambda: layers.DepthwiseConv2D(2, strides=2)),
    "separable 1d": ((6, 3), lambda: layers.SeparableConv1D(4, 2, depth_multiplier=2)),
    "separable 2d": ((6, 6, 3), lambda: layers.SeparableConv2D(4, 2, activation="relu")),
    "transposed one by one": ((5, 5, 3), lambda: layers.Conv2DTranspose(4, 1)),
}
BEFORE_A_BORDER = {
    "causal": ((6, 2), lambda: layers.Conv1D(3, 2, padding="causal")),
    "same": ((6, 6, 2), lambda: layers.Conv2D(3, 3, padding="same", strides=2)),
    "depthwise": ((6, 6, 2), lambda: layers.DepthwiseConv2D(3, padding="same")),
    "separable": ((6, 6, 2), lambda: layers.SeparableConv2D(3, 3, padding="same")),
    "transposed 1d": ((6, 3), lambda: layers.Conv1DTranspose(4, 3)),
    "transposed 2d": ((5, 5, 3), lambda: layers.Conv2DTranspose(4, 2, strides=2)),
    "transposed in strides": ((5, 5, 3), lambda: layers.Conv2DTranspose(4, 1, strides=2)),
}
CHANNELS_FIRST = {
    "conv 1d": ((2, 6), layers.Conv1D),
    "conv 2d": ((2, 6, 6), layers.Conv2D),
    "depthwise 1d": ((2, 6), layers.DepthwiseConv1D),
    "depthwise 2d": ((2, 6, 6), layers.DepthwiseConv2D),
    "separable 1d": ((2, 6), layers.SeparableConv1D),
    "separable 2d": ((2, 6, 6), layers.SeparableConv2D),
    "transposed 1d": ((2, 6), layers.Conv1DTranspose),
    "transposed 2d": ((2, 6, 6), layers.Conv2DTranspose),
}


@pytest.mark.parametrize("kind", AFTER)
def test_a_norm_after_a_linear_layer_is_folded(kind):
    shape, linear = AFTER[kind]
    folded = check(sequential(shape, linear(), norm(), layers.ReLU()))
    assert len(folded.layers) == 2


@pytest.mark.parametrize("kind", BEFORE)
def test_a_norm_before_a_linear_layer_is_folded(kind):
    shape, linear = BEFORE[kind]
    folded = check(sequential(shape, norm(), linear()))
    assert len(folded.layers) == 1


@pytest.mark.parametrize(
    "arguments",
    [{"center": False}, {"scale": False}, {"epsilon": 0.5}, {"center": False, "scale": False}],
)
def test_any_parameters_of_the_norm_are_honoured(arguments):
    check(sequential((4,), layers.Dense(3), norm(**arguments)))


def test_the_kernel_and_bias_follow_the_formula():
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1), norm(epsilon=1.0)])
    kernel, bias, gamma, beta, mean, variance = [[2.0]], [3.0], [5.0], [7.0], [1.0], [3.0]
    values = (kernel, bias, gamma, beta, mean, variance)
    model.set_weights([np.array(value) for value in values])
    kernel, bias = fold_batch_normalization(model).get_weights()
    assert kernel[0, 0] == pytest.approx(5 * 2 / 2)
    assert bias[0] == pytest.approx(5 * (3 - 1) / 2 + 7)


@pytest.mark.parametrize("kind", CHANNELS_FIRST)
def test_channels_first_is_folded(kind):
    shape, linear = CHANNELS_FIRST[kind]
    sizes = (2,) if "depthwise" in kind else (3, 2)
    parts = [linear(*sizes, data_format="channels_first") for _ in range(2)]
    model = sequential(shape, parts[0], norm(axis=1), parts[1], norm(axis=1))
    assert len(check(model).layers) == 2


@pytest.mark.parametrize("kind", BEFORE_A_BORDER)
def test_before_a_border_a_norm_without_shift_is_folded_and_others_stay(kind):
    shape, linear = BEFORE_A_BORDER[kind]
    check(sequential(shape, norm(name="stays"), linear()), unfolded=["stays"])
    model = sequential(shape, norm(center=False), linear())
    model.layers[0].moving_mean.assign(np.zeros(shape[-1]))
    assert len(check(model).layers) == 1


@pytest.mark.parametrize(("dtype", "tolerance"), [("mixed_float16", 4e-3), ("float64", 1e-12)])
def test_another_precision_is_kept(dtype, tolerance):
    if (dtype, keras.backend.backend()) == ("float64", "jax"):
        pytest.skip("JAX has no float64 by default")
    model = sequential((4,), layers.Dense(3, dtype=dtype), norm(dtype=dtype))
    x = RANDOM.normal(size=(5, 4))
    one, two = inferred(model, x), inferred(fold_batch_normalization(model), x)
    assert one.dtype == two.dtype
    np.testing.assert_allclose(two, one, rtol=0, atol=tolerance * np.abs(one).max())


def test_dropout_between_is_no_obstacle():
    check(sequential((4,), layers.Dense(3), layers.Dropout(0.5), norm(), layers.Dense(2)))
    check(sequential((4,), norm(), layers.GaussianNoise(0.5), layers.Dense(2)))
    check(sequential((6, 4), layers.Conv1D(3, 2), layers.SpatialDropout1D(0.5), norm()))
    check(sequential((4,), layers.Dense(3), InvertedDropout(0.5), norm()))


def test_several_norms_in_a_row_and_on_both_sides_are_folded():
    model = sequential((4,), norm(), norm(), layers.Dense(3), norm(), norm(), layers.Dense(2))
    assert len(check(model).layers) == 2


def test_blocks_are_folded_inside():
    model = sequential(
        (6, 6, 2),
        ConvBlock(4, 3, keras.layers.PReLU(), pool="max", keep_prob=0.5),
        layers.Flatten(),
        DenseBlock(3, "tanh"),
        DenseBlock(2, None, normalize=False),
    )
    folded = check(model)
    assert not any(folded.layers[index].normalize for index in (0, 2, 3))


def test_branches_and_several_outputs_are_kept():
    x = keras.Input((4,), name="x")
    z = norm()(layers.Dense(3, name="shared")(x))
    left = layers.Activation("relu")(z)
    right = norm(name="stays")(layers.Activation("tanh")(z))
    total = layers.Concatenate()([left, right + 1.0, x])
    model = with_random_weights(keras.Model(x, {"total": total, "left": left}))
    folded = check(model, unfolded=["stays"])
    assert set(folded.output) == {"total", "left"}


def test_several_inputs_are_kept():
    a, b = keras.Input((3,)), keras.Input((2,))
    z = norm()(layers.Dense(2)(layers.Concatenate()([norm(name="stays")(a), b])))
    check(with_random_weights(keras.Model([a, b], z)), unfolded=["stays"])


def test_inputs_by_name_are_kept():
    inputs = {"a": keras.Input((4,), name="a"), "b": keras.Input((3,), name="b")}
    a, b = norm()(layers.Dense(3)(inputs["a"])), layers.Dense(2)(norm()(inputs["b"]))
    model = with_random_weights(keras.Model(inputs, {"joined": layers.Concatenate()([a, b])}))
    folded = fold_batch_normalization(model)
    assert not norms(folded)
    x = {"a": RANDOM.normal(size=(3, 4)), "b": RANDOM.normal(size=(3, 3))}
    one, two = inferred(model, x)["joined"], inferred(folded, x)["joined"]
    np.testing.assert_allclose(two, one, rtol=1e-5, atol=1e-5)


def residual(x, filters, strides, normed):
    """A residual block as in ResNet, with a projected skip where the shape changes."""
    z = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
    z = layers.ReLU()(norm()(z))
    z = norm()(layers.Conv2D(filters, 3, padding="same")(z))
    if normed:
        x = norm()(layers.Conv2D(filters, 1, strides)(x))
    return layers.ReLU()(layers.Add()([z, x]))


def test_a_deep_residual_net_keeps_its_outputs():
    inputs = keras.Input((16, 16, 3))
    z = layers.ReLU()(norm()(layers.Conv2D(8, 3, padding="same")(inputs)))
    for stage, filters in enumerate((8, 16, 32)):
        for block in range(4):
            first = block == 0 and stage > 0
            z = residual(z, filters, 2 if first else 1, first)
    outputs = layers.Dense(10)(layers.GlobalAveragePooling2D()(z))
    model = keras.Model(inputs, outputs)
    for layer in norms(model):  # random, and no exponential growth along the skips
        for name, low, high in (("gamma", 0.3, 1), ("beta", -1, 1), ("moving_mean", -1, 1)):
            weight = getattr(layer, name)
            weight.assign(RANDOM.uniform(low, high, weight.shape))
        layer.moving_variance.assign(RANDOM.uniform(0.5, 4, layer.moving_variance.shape))
    assert len(norms(model)) == 27
    check(model)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX compiles it for a minute")
def test_every_norm_of_a_published_network_is_folded():
    model = keras.applications.MobileNetV2(alpha=0.35, input_shape=(32, 32, 3), weights=None)
    for layer in norms(model):
        layer.moving_mean.assign(RANDOM.normal(0, 0.3, layer.moving_mean.shape))
        layer.moving_variance.assign(RANDOM.uniform(0.5, 2, layer.moving_variance.shape))
        layer.beta.assign(RANDOM.normal(0, 0.3, layer.beta.shape))
    assert len(norms(model)) == 52
    check(model)


def test_submodels_are_folded_on_their_own():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3), norm()], name="inner")
    x = keras.Input((3,))
    twice = inner(layers.Activation("relu")(inner(x)))
    functional = keras.Model(x, layers.Dense(2)(twice), name="middle")
    model = sequential((3,), functional, layers.Dense(2, "relu"), norm(name="stays"))
    folded = check(model, unfolded=["stays"])
    assert len(folded.get_layer("middle").get_layer("inner").layers) == 1


def stays_after_activation():
    return (4,), [layers.Dense(3, activation="relu"), norm(name="stays")], "has an activation"


def stays_before_padding():
    shifted = norm(name="stays", beta_initializer="ones")
    parts = [shifted, layers.Conv2D(2, 3, padding="same")]
    return (6, 6, 2), parts, "as by padding"


def stays_on_another_axis():
    return (5, 4), [layers.Dense(3), norm(axis=1, name="stays")], "another axis than 1"


def stays_after_a_nonlinear_layer():
    return (4,), [layers.ReLU(), norm(name="stays"), layers.ReLU()], "no linear layer but ReLU"


def stays_in_another_precision():
    parts = [layers.Dense(3, dtype="mixed_float16"), norm(name="stays", dtype="float32")]
    return (4,), parts, "computes in float16, the norm in float32"


def stays_beside_quantized_weights():
    quantized = layers.Dense(3)
    quantized.build((None, 4))
    quantized.quantize("int8")
    return (4,), [quantized, norm(name="stays")], "has quantized weights"


def stays_as_a_class_of_its_own():
    return (4,), [layers.Dense(3), Doubled(name="stays")], "it is a Doubled"


@keras.saving.register_keras_serializable(package="test_fold")
class Doubled(layers.BatchNormalization):
    def call(self, inputs, training=None, mask=None):
        return 2 * super().call(inputs, training, mask)


@pytest.mark.parametrize(
    "case",
    [
        stays_after_activation,
        stays_before_padding,
        stays_on_another_axis,
        stays_after_a_nonlinear_layer,
        stays_in_another_precision,
        stays_beside_quantized_weights,
        stays_as_a_class_of_its_own,
    ],
)
def test_what_cannot_be_folded_stays_and_is_reported(case):
    shape, parts, reason = case()
    reported = []
    model = keras.Sequential([keras.Input(shape), *parts])
    folded = fold_batch_normalization(model, report=reported.extend)
    assert [one.name for one in reported] == ["stays"]
    assert [layer.name for layer in norms(folded)] == ["stays"]
    assert reason in reported[0].reason


def test_a_layer_or_norm_used_twice_stays():
    a, b = keras.Input((3,)), keras.Input((3,))
    dense, shared = layers.Dense(3), norm(name="shared")
    one, two = norm(name="one")(dense(a)), layers.ReLU()(dense(b))
    total = layers.Add()([one, shared(layers.Dense(3)(two)), shared(layers.Dense(3)(two))])
    model = with_random_weights(keras.Model([a, b], total))
    check(model, unfolded=["one", "shared"])


def test_a_linear_output_used_elsewhere_is_not_changed():
    x = keras.Input((3,))
    z = layers.Dense(3)(x)
    model = with_random_weights(keras.Model(x, [z, norm(name="stays")(z)]))
    check(model, unfolded=["stays"])


@keras.saving.register_keras_serializable(package="test_fold")
class Custom(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = norm(name="hidden")

    def build(self, input_shape):
        self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(inputs)


def inside_a_model():
    return keras.Sequential([keras.Input((3,)), layers.Dense(3), norm(name="stays")])


@pytest.mark.parametrize(
    "trained",
    [
        lambda x: norm(name="stays")(layers.Dense(3)(x), training=True),
        lambda x: norm(name="stays")(layers.Dropout(0.5)(layers.Dense(3)(x), training=True)),
        lambda x: inside_a_model()(x, training=True),
    ],
)
def test_nothing_that_the_graph_calls_in_training_is_touched(trained):
    x = keras.Input((3,))
    model = with_random_weights(keras.Model(x, trained(x)))
    check(model, unfolded=["stays"])


def test_a_submodel_called_in_inference_is_folded():
    x = keras.Input((3,))
    check(with_random_weights(keras.Model(x, inside_a_model()(x, training=False))))


@pytest.mark.parametrize(
    ("name", "value"), [("moving_variance", np.nan), ("moving_variance", -1.0), ("beta", np.inf)]
)
def test_a_broken_norm_is_named_and_nothing_changes(name, value):
    model = sequential((3,), layers.Dense(2), norm(name="broken"))
    weight = getattr(model.layers[1], name)
    weight.assign([1.0, value])
    before = [array.copy() for array in model.get_weights()]
    with pytest.raises(ValueError, match=f"'broken', whose channel 1 has .*{name}={value:.6g}"):
        fold_batch_normalization(model)
    for one, two in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, two)


def test_norms_hidden_in_a_custom_layer_are_reported():
    model = sequential((3,), layers.Dense(3), Custom(name="custom"), layers.Dense(2))
    check(model, unfolded=["hidden"])


def test_a_compiled_model_with_a_loss_of_its_own_is_folded():
    model = sequential((3,), layers.Dense(3), norm())
    model.compile("sgd", loss=lambda y_true, y_pred: y_pred)
    assert not check(model).compiled
    assert model.compiled


def test_the_folded_model_can_be_saved(tmp_path):
    model = sequential((6, 6, 2), ConvBlock(4, 3), layers.Conv2D(3, 3), norm())
    folded = fold_batch_normalization(model)
    folded.save(tmp_path / "folded.keras")
    x = RANDOM.normal(size=(2, 6, 6, 2)).astype("float32")
    loaded = keras.saving.load_model(tmp_path / "folded.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), folded.predict(x, verbose=0))


def test_an_unbuilt_model_is_refused():
    with pytest.raises(ValueError, match="Received: 'raw', not built"):
        fold_batch_normalization(keras.Sequential([layers.Dense(3), norm()], name="raw"))


def test_a_model_with_a_call_of_its_own_is_refused():
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(TypeError, match="Received: Own"):
        fold_batch_normalization(Own())
    with pytest.raises(TypeError, match="Received: Dense"):
        fold_batch_normalization(layers.Dense(3))
