import math

import keras
import numpy as np
import pytest

from kerasrecipes.initializers import He, Xavier

DENSE, CONV = (1000, 1000), (5, 5, 40, 1000)  # a million draws, n_in 1000 each
FORMULAS = [
    (He, {}, 2.0),
    (He, {"negative_slope": 0.5}, 1.6),
    (Xavier, {}, 1.0),
]


def draws(initializer, shape):
    return np.asarray(initializer(shape), dtype="float64").ravel()


@pytest.mark.parametrize("shape", [DENSE, CONV], ids=["dense", "conv"])
@pytest.mark.parametrize("distribution", ["normal", "uniform", "truncated_normal"])
@pytest.mark.parametrize(("initializer", "arguments", "numerator"), FORMULAS)
def test_a_million_draws_have_the_formula_s_variance(
    initializer, arguments, numerator, distribution, shape
):
    values = draws(initializer(distribution=distribution, seed=1, **arguments), shape)
    variance = numerator / 1000
    assert values.var() == pytest.approx(variance, rel=6e-3)  # 4 deviations of the estimate
    assert values.mean() == pytest.approx(0.0, abs=4 * math.sqrt(variance / 1e6))


@pytest.mark.parametrize(
    ("distribution", "kurtosis", "largest"),
    [("normal", 3.0, 4.0), ("uniform", 1.8, math.sqrt(3)), ("truncated_normal", 2.36, 2.28)],
)
def test_the_shape_of_each_distribution(distribution, kurtosis, largest):
    values = draws(Xavier(distribution=distribution, seed=2), DENSE)
    standard = values * math.sqrt(1000)
    assert np.mean(standard**4) == pytest.approx(kurtosis, rel=0.02)
    if distribution == "normal":
        assert np.abs(standard).max() > largest
    else:
        assert np.abs(standard).max() == pytest.approx(largest, rel=0.01)


@pytest.mark.parametrize("kernel", [DENSE, CONV], ids=["dense", "conv"])
def test_ours_are_not_truncated_and_keras_s_are(kernel):
    std = math.sqrt(2 / 1000)
    assert np.abs(draws(keras.initializers.HeNormal(seed=1), kernel)).max() < 2.3 * std
    assert np.abs(draws(He(distribution="truncated_normal", seed=1), kernel)).max() < 2.3 * std
    beyond = np.abs(draws(He(seed=1), kernel)) > 2.3 * std
    assert beyond.mean() == pytest.approx(math.erfc(2.3 / math.sqrt(2)), rel=0.05)


def test_a_depthwise_kernel_by_its_input_axes():
    layer = keras.layers.DepthwiseConv2D(
        8, depth_multiplier=100, depthwise_initializer=He(seed=3, input_axes=(0, 1))
    )
    layer.build((None, 32, 32, 10))
    assert np.var(np.asarray(layer.kernel)) == pytest.approx(2 / 64, rel=0.03)


def test_attention_kernels_sum_over_the_embedding_only():
    layer = keras.layers.MultiHeadAttention(8, 16, kernel_initializer=Xavier(seed=4))
    layer.build((None, 5, 200), (None, 5, 200))
    kernel = next(weight for weight in layer.weights if weight.path.endswith("query/kernel"))
    assert kernel.shape == (200, 8, 16)
    assert np.var(np.asarray(kernel)) == pytest.approx(1 / 200, rel=0.05)


@pytest.mark.parametrize("initializer", [He(0.2, "uniform", seed=5), Xavier("normal", seed=5)])
def test_config_round_trip_draws_the_same_values(initializer):
    again = keras.initializers.deserialize(keras.initializers.serialize(initializer))
    assert again.get_config() == initializer.get_config()
    np.testing.assert_array_equal(np.asarray(again((3, 4))), np.asarray(initializer((3, 4))))


def test_a_layer_with_it_survives_save_and_load(tmp_path):
    dense = keras.layers.Dense(2, kernel_initializer=He(negative_slope=0.1, seed=6))
    model = keras.Sequential([keras.Input((3,)), dense])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").layers[0].kernel_initializer
    assert isinstance(again, He)
    assert again.negative_slope == 0.1


def test_seeds_as_keras_has_them():
    first, same, other = (np.asarray(He(seed=seed)((50, 2))) for seed in (7, 7, 8))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    stream = Xavier(seed=keras.random.SeedGenerator(9))
    assert not np.array_equal(np.asarray(stream((50, 2))), np.asarray(stream((50, 2))))
    assert not np.array_equal(np.asarray(He()((50, 2))), np.asarray(He()((50, 2))))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_dtype_is_kept(dtype):
    assert keras.backend.standardize_dtype(He()((4, 4), dtype=dtype).dtype) == dtype


@pytest.mark.parametrize(("shape", "n_in"), [((), 1), ((50,), 50), ((0, 3), 1)])
def test_odd_shapes_have_an_n_in_of_one_or_more(shape, n_in):
    assert He()._n_in(shape) == n_in


@pytest.mark.parametrize("initializer", [He, Xavier])
@pytest.mark.parametrize("distribution", ["gaussian", "untruncated_normal", "Normal"])
def test_unknown_distributions_are_refused(initializer, distribution):
    with pytest.raises(ValueError, match=f"'normal', 'uniform'.*distribution='{distribution}'"):
        initializer(distribution=distribution)


@pytest.mark.parametrize("slope", [-0.1, float("inf"), float("nan")])
def test_bad_slopes_are_refused(slope):
    with pytest.raises(ValueError, match=f"`negative_slope` .*negative_slope={slope}"):
        He(negative_slope=slope)
