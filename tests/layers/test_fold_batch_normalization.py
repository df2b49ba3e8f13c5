import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.layers import ConvBlock, DenseBlock, fold_batch_normalization

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
    return [layer for layer in model._flatten_layers() if type(layer) is layers.BatchNormalization]


def check(model, unfolded=()):
    """Same outputs, original untouched, and exactly the norms named stay. Returns the copy."""
    tensors = [RANDOM.normal(1, 2, (3, *tensor.shape[1:])) for tensor in model.inputs]
    x = [tensor.astype("float32") for tensor in tensors]
    x = x if len(x) > 1 else x[0]
    before = [weight.copy() for weight in model.get_weights()]
    expected = keras.tree.map_structure(np.asarray, model.predict(x, verbose=0))
    reported = []
    folded = fold_batch_normalization(model, report=reported.extend)
    keras.tree.map_structure(
        lambda one, two: np.testing.assert_allclose(
            one, two, rtol=1e-5, atol=1e-5 * np.abs(two).max()
        ),
        folded.predict(x, verbose=0),
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
    "conv 3d": ((4, 4, 4, 2), lambda: layers.Conv3D(3, 2)),
    "groups": ((6, 6, 4), lambda: layers.Conv2D(6, 3, groups=2)),
    "depthwise 2d": ((6, 6, 3), lambda: layers.DepthwiseConv2D(2, depth_multiplier=2)),
    "separable 1d": ((6, 3), lambda: layers.SeparableConv1D(4, 2, depth_multiplier=2)),
    "separable 2d": ((6, 6, 3), lambda: layers.SeparableConv2D(4, 2, use_bias=False)),
    "transposed 1d": ((6, 3), lambda: layers.Conv1DTranspose(4, 2, strides=2)),
    "transposed 2d": ((5, 5, 3), lambda: layers.Conv2DTranspose(4, 3, padding="same")),
}
BEFORE = {
    "dense": ((4,), lambda: layers.Dense(3, activation="tanh")),
    "dense without bias": ((5, 4), lambda: layers.Dense(3, use_bias=False)),
    "conv 1d": ((6, 2), lambda: layers.Conv1D(3, 2, activation="relu")),
    "conv 2d": ((6, 6, 2), lambda: layers.Conv2D(3, 2, strides=2, use_bias=False)),
    "groups": ((6, 6, 4), lambda: layers.Conv2D(6, 3, groups=2)),
    "one by one with padding": ((6, 6, 2), lambda: layers.Conv2D(3, 1, padding="same")),
    "dilated": ((8, 8, 2), lambda: layers.Conv2D(3, 2, dilation_rate=2)),
    "depthwise 1d": ((6, 3), lambda: layers.DepthwiseConv1D(2, depth_multiplier=2)),
    "separable 2d": ((6, 6, 3), lambda: layers.SeparableConv2D(4, 2, activation="relu")),
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


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="TensorFlow's CPU kernels")
def test_channels_first_is_folded():
    arguments = {"data_format": "channels_first"}
    check(sequential((2, 6, 6), layers.Conv2D(3, 2, **arguments), norm(axis=1)))


def test_dropout_between_is_no_obstacle():
    check(sequential((4,), layers.Dense(3), layers.Dropout(0.5), norm(), layers.Dense(2)))
    check(sequential((4,), norm(), layers.GaussianNoise(0.5), layers.Dense(2)))


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
    parts = [norm(name="stays"), layers.Conv2D(2, 3, padding="same")]
    return (6, 6, 2), parts, "pads its input"


def stays_on_another_axis():
    return (5, 4), [layers.Dense(3), norm(axis=1, name="stays")], "another axis than 1"


def stays_after_a_nonlinear_layer():
    return (4,), [layers.ReLU(), norm(name="stays"), layers.ReLU()], "no linear layer but ReLU"


@pytest.mark.parametrize(
    "case",
    [
        stays_after_activation,
        stays_before_padding,
        stays_on_another_axis,
        stays_after_a_nonlinear_layer,
    ],
)
def test_what_cannot_be_folded_stays_and_is_reported(case):
    shape, parts, reason = case()
    reported = []
    folded = fold_batch_normalization(sequential(shape, *parts), report=reported.extend)
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
