import math

import keras
import numpy as np
import pandas as pd
import pytest
from keras.src import testing

from kerasrecipes.backend import double_precision
from kerasrecipes.layers import Standardize

RANDOM = np.random.default_rng(0)
KINDS = {
    "normal": RANDOM.normal(size=(4000, 2)).astype("float32"),
    "large mean": RANDOM.normal(1e4, 0.1, size=(4000, 2)).astype("float32"),
    "unix time": (1.7e9 + RANDOM.uniform(0, 3e7, size=(4000, 2))).astype("float32"),
}
SOURCES = {
    "array": lambda x: x,
    "tensor": keras.ops.convert_to_tensor,
    "generator": lambda x: (x[start : start + 100] for start in range(0, len(x), 100)),
    "pairs": lambda x: [(part, np.zeros(len(part))) for part in np.array_split(x, 7)],
    "frame": pd.DataFrame,
    "tf.data": lambda x: tf_dataset(x).batch(64),
}


def tf_dataset(x):
    return pytest.importorskip("tensorflow").data.Dataset.from_tensor_slices(x)


def exact(x):
    """Mean and population deviation of the stored values of each column, in exact sums."""
    columns = np.asarray(x, "float64").T
    mean = np.array([math.fsum(column) / len(column) for column in columns])
    squares = [math.fsum(column) for column in (columns - mean[:, None]) ** 2]
    return mean, np.sqrt(np.array(squares) / len(x))


def adapted(data, **arguments):
    layer = Standardize(**arguments)
    layer.adapt(data)
    return layer


def output(layer, x):
    return keras.ops.convert_to_numpy(layer(x))


class LayerTest(testing.TestCase):
    def test_keras_layer_contract(self):
        self.run_layer_test(
            Standardize,
            init_kwargs={"mean": [1.0, 2.0, 3.0], "variance": [4.0, 0.0, 1.0]},
            input_shape=(4, 3),
            expected_output_shape=(4, 3),
            expected_num_trainable_weights=0,
            expected_num_non_trainable_weights=4,
            expected_num_seed_generators=0,
            supports_masking=True,
        )


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_variance_is_exact_from_every_source(kind, source):
    x = KINDS[kind]
    mean, deviation = exact(x)
    layer = adapted(SOURCES[source](x))
    np.testing.assert_allclose(layer.variance, deviation**2, rtol=1e-6)
    np.testing.assert_allclose(layer.mean, mean, rtol=1e-13, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_float32_output_keeps_its_digits(kind):
    mean, deviation = exact(KINDS[kind])
    expected = (KINDS[kind].astype("float64") - mean) / deviation
    np.testing.assert_allclose(output(adapted(KINDS[kind]), KINDS[kind]), expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["int32", "uint32", "int64"])
def test_whole_seconds_keep_their_digits(dtype):
    seconds = 1_700_000_000 + RANDOM.integers(0, 3000, size=(500, 1))
    mean, deviation = exact(seconds)
    result = output(adapted(seconds), seconds.astype(dtype))
    np.testing.assert_allclose(result, (seconds - mean) / deviation, atol=1e-6)


def test_negative_integers_are_split_right():
    x = -2_000_000_000 + RANDOM.integers(0, 100, size=(50, 1))
    mean, deviation = exact(x)
    result = output(adapted(x), x.astype("int32"))
    np.testing.assert_allclose(result, (x - mean) / deviation, atol=1e-6)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX has no float64 by default")
def test_float64_inputs_keep_their_digits_in_a_float32_layer():
    seconds = 1.7e9 + RANDOM.uniform(0, 10, size=(500, 1))
    mean, deviation = exact(seconds)
    result = output(adapted(seconds), seconds)
    assert result.dtype == "float32"
    np.testing.assert_allclose(result, (seconds - mean) / deviation, atol=1e-6)


def test_the_float64_policy_is_exact():
    x = RANDOM.normal(1e4, 10.0, size=(300, 2))
    mean, deviation = exact(x)
    with double_precision():
        result = output(adapted(x, dtype="float64"), x)
    assert result.dtype == "float64"
    np.testing.assert_allclose(result, (x - mean) / deviation, rtol=0, atol=1e-12)


def test_a_float64_clone_keeps_the_statistics():
    x = KINDS["unix time"]
    model = keras.Sequential([keras.Input((2,)), adapted(x)])
    with double_precision():
        clone = Standardize.from_config({**model.layers[0].get_config(), "dtype": "float64"})
        clone.build((None, 2))
        clone.set_weights(model.layers[0].get_weights())
        result = output(clone, x.astype("float64"))
    mean, deviation = exact(x)
    np.testing.assert_allclose(result, (x.astype("float64") - mean) / deviation, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint8", "int64"])
def test_every_number_type_is_learned(dtype):
    x = np.array([[1, 100], [3, 50], [5, 60]], dtype)
    np.testing.assert_allclose(adapted(x).variance, x.astype("float64").var(axis=0), rtol=1e-7)


def test_half_precision_output_is_computed_in_float32():
    x = RANDOM.normal(1e4, 0.1, size=(100, 2)).astype("float32")
    layer = adapted(x, dtype="mixed_float16")
    result = output(layer, x)
    assert result.dtype == "float16"
    np.testing.assert_allclose(result, output(adapted(x), x), atol=2e-3)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_constant_feature_is_centred_and_left_unscaled(dtype):
    x = np.full((1000, 2), 0.1, dtype)
    x[:, 1] = np.arange(1000)
    layer = adapted(x)
    assert layer.variance[0] == 0.0
    np.testing.assert_allclose(output(layer, x[:3])[:, 0], 0.0, atol=1e-8)
    np.testing.assert_allclose(output(layer, x[:1] + 2)[:, 0], 2.0, rtol=2e-3)


def test_rounding_noise_is_not_blown_up():
    x = np.full((1000, 1), 0.1, "float32")
    x[::2] = np.nextafter(np.float32(0.1), np.float32(1))
    assert np.abs(output(adapted(x), x)).max() < 1e-7


@pytest.mark.parametrize(
    ("axis", "kept", "reduced"),
    [
        (-1, (3,), (0, 1, 2)),
        (1, (1,), (0, 2, 3)),
        ((1, -1), (1, 3), (0, 2)),
        ((3, 1), (1, 3), (0, 2)),
        (None, (), (0, 1, 2, 3)),
        ((1, 2, 3), (1, 2, 3), (0,)),
    ],
)
def test_any_axes_can_keep_their_own_statistics(axis, kept, reduced):
    x = RANDOM.normal(5, 3, size=(20, 4, 5, 3))
    layer = adapted(x, axis=axis)
    mean, deviation = x.mean(axis=reduced, keepdims=True), x.std(axis=reduced, keepdims=True)
    assert layer.mean.shape == tuple(x.shape[axis] for axis in kept)
    np.testing.assert_allclose(output(layer, x), (x - mean) / deviation, rtol=1e-4, atol=1e-5)


def test_the_formula_at_a_point_without_zeros():
    layer = Standardize(mean=[1.0, 2.0], variance=[4.0, 9.0])
    np.testing.assert_allclose(output(layer, np.array([[2.0, 3.5]])), [[0.5, 0.5]], rtol=1e-6)


def test_given_statistics_broadcast_and_mark_constants():
    layer = Standardize(mean=2.0, variance=0.0)
    np.testing.assert_allclose(output(layer, np.array([[2.0, 5.0]])), [[0.0, 3.0]])


def test_adapting_again_forgets_the_first_data():
    layer = adapted(RANDOM.normal(size=(10, 2)))
    layer.adapt(np.array([[1.0, 5.0], [3.0, 9.0]]))
    assert (layer.mean.tolist(), layer.variance.tolist()) == ([2.0, 7.0], [1.0, 4.0])


def test_a_failed_adapt_leaves_the_statistics():
    layer = adapted(np.array([[1.0], [3.0]]))
    with pytest.raises(ValueError, match="NaN"):
        layer.adapt([np.array([[5.0]]), np.array([[np.nan]])])
    assert layer.mean.tolist() == [2.0]


def test_a_model_built_before_adapting_uses_what_is_learned_later():
    layer = Standardize()
    model = keras.Sequential([keras.Input((2,)), layer])
    model.compile(loss="mse")
    x = np.array([[1.0, 5.0], [3.0, 9.0]])
    layer.adapt(x)
    np.testing.assert_allclose(model.predict(x, verbose=0), [[-1, -1], [1, 1]], rtol=1e-6)
    layer.adapt(x + 1)
    np.testing.assert_allclose(model.predict(x + 1, verbose=0), [[-1, -1], [1, 1]], rtol=1e-6)


def test_saving_and_loading_keeps_all_digits(tmp_path):
    x = KINDS["unix time"]
    model = keras.Sequential([keras.Input((2,)), adapted(x)])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(output(loaded, x), output(model, x))
    np.testing.assert_array_equal(loaded.layers[0].mean, model.layers[0].mean)


def test_a_clone_with_copied_weights_works_alike():
    x = KINDS["large mean"]
    model = keras.Sequential([keras.Input((2,)), adapted(x)])
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(output(clone, x), output(model, x))


def test_config_round_trip_keeps_given_statistics():
    layer = Standardize(axis=(1, -1), mean=np.ones((2, 3)), variance=np.ones((2, 3)))
    config = Standardize.from_config(layer.get_config()).get_config()
    assert config == layer.get_config()
    assert (config["axis"], config["mean"]) == ((1, -1), [[1.0] * 3] * 2)


def test_an_unadapted_layer_says_what_to_do():
    with pytest.raises(ValueError, match=r"never adapted.*Call `scaler.adapt\(x_train\)`"):
        Standardize(name="scaler")(np.ones((2, 3)))
    with pytest.raises(ValueError, match="never adapted"):
        _ = Standardize().mean


def test_an_unadapted_layer_in_a_compiled_function_gives_nan_not_raw_numbers():
    model = keras.Sequential([keras.Input((2,)), Standardize()])
    assert np.isnan(model.predict(np.ones((2, 2)), verbose=0)).all()


@pytest.mark.parametrize("data", [np.zeros((0, 3)), [], iter(()), [np.zeros((0, 3))]])
def test_no_data_is_refused(data):
    with pytest.raises(ValueError, match="at least one example"):
        Standardize().adapt(data)


def test_not_finite_values_are_refused_by_the_names_of_their_columns():
    frame = pd.DataFrame({"age": [1.0, np.nan], "height": [1.0, 2.0], "income": [np.inf, 1.0]})
    with pytest.raises(ValueError, match="columns age, income"):
        Standardize().adapt(frame)
    x = np.ones((2, 3, 4))
    x[1, 2, 3] = np.nan
    with pytest.raises(ValueError, match="column 2, 3"):
        Standardize(axis=(1, 2)).adapt(x)


@pytest.mark.parametrize("bad", [[[1.0, np.nan]], [[1e60, 0.0], [2e60, 1.0]], [[]]])
def test_bad_data_leaves_the_layer_as_it_was(bad):
    layer = Standardize()
    with pytest.raises(ValueError, match="`data`"):
        layer.adapt(np.array(bad))
    assert not layer.built
    layer.adapt(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    with pytest.raises(ValueError, match="`data`"):
        layer.adapt(np.array([[1.0, np.inf, 2.0]]))
    assert (layer.mean.tolist(), layer.variance.tolist()) == ([2.0] * 3, [1.0, 0.0, 1.0])


def test_another_number_of_features_is_refused_with_both_numbers():
    layer = adapted(np.random.default_rng(0).normal(size=(5, 3)))
    with pytest.raises(ValueError, match=r"axis 1 has size 3.*Received: a batch of shape \(5, 4\)"):
        layer.adapt(np.ones((5, 4)))
    with pytest.raises(ValueError, match="value 3"):
        layer(np.ones((5, 4)))


@pytest.mark.parametrize(
    ("axis", "message"),
    [(0, "axis 0"), (-2, "axis 0"), (2, r"\[-2, 2\).*axis=2"), ((1, 5), r"axis=\(1, 5\)")],
)
def test_axes_that_do_not_fit_the_data_are_refused(axis, message):
    with pytest.raises(ValueError, match=message):
        Standardize(axis=axis).adapt(np.ones((4, 3)))


@pytest.mark.parametrize("axis", ["features", 1.5, (1, 1), True, (1, "a")])
def test_axes_that_are_no_different_integers_are_refused_at_once(axis):
    with pytest.raises(ValueError, match=r"`axis` must be an integer.*Received: axis="):
        Standardize(axis=axis)


def test_one_feature_without_its_axis_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"shape \(None,\).*reshape one feature to"):
        Standardize().adapt(np.arange(5.0))
    assert adapted(np.arange(5.0), axis=None).mean == 2.0


def test_an_axis_of_unknown_size_is_refused():
    with pytest.raises(ValueError, match=r"known size.*\(None, None\)"):
        Standardize().build((None, None))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mean": 1.0}, "together.*variance=None"),
        ({"variance": 1.0}, "together.*mean=None"),
        ({"mean": 1.0, "variance": -2.0}, "at least 0.*variance=-2.0"),
        ({"mean": np.nan, "variance": 1.0}, "finite.*mean=nan"),
    ],
)
def test_wrong_given_statistics_are_refused_at_once(arguments, message):
    with pytest.raises(ValueError, match=message):
        Standardize(**arguments)


@pytest.mark.parametrize("scale", [1e60, 1e-60])
def test_deviations_beyond_float32_are_refused(scale):
    with pytest.raises(ValueError, match=r"within the range of float32.*Divide"):
        Standardize().adapt(np.array([[1.0], [2.0]]) * scale)


def test_unbatched_datasets_are_refused():
    with pytest.raises(ValueError, match="batch"):
        Standardize().adapt(tf_dataset(np.ones((4, 3))))
    with pytest.raises(ValueError, match=r"shape \(\)"):
        Standardize(axis=None).adapt(tf_dataset(np.ones(4)))


def test_it_standardizes_inside_a_tf_data_pipeline():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("a layer runs in tf.data on the TensorFlow backend")
    x = KINDS["large mean"]
    layer = adapted(x)
    batch = next(tf_dataset(x).batch(64).map(layer).as_numpy_iterator())
    np.testing.assert_allclose(batch, output(layer, x[:64]), atol=1e-6)
