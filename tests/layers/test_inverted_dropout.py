import keras
import numpy as np
import pytest
from keras.src import testing

from kerasrecipes.layers import InvertedDropout


def dropped(layer, x, training=True):
    return keras.ops.convert_to_numpy(layer(x, training=training))


class LayerTest(testing.TestCase):
    def test_keras_layer_contract(self):
        self.run_layer_test(
            InvertedDropout,
            init_kwargs={"keep_prob": 0.8, "seed": 3},
            input_shape=(4, 3),
            call_kwargs={"training": True},
            expected_output_shape=(4, 3),
            expected_num_trainable_weights=0,
            expected_num_non_trainable_weights=0,
            expected_num_seed_generators=1,
            supports_masking=True,
            assert_built_after_instantiation=True,
        )


@pytest.mark.parametrize("keep_prob", [0.1, 0.5, 0.8])
def test_units_are_kept_with_the_probability_and_scaled_up(keep_prob):
    x = np.random.default_rng(0).uniform(1, 2, size=(200, 500)).astype("float32")
    result = dropped(InvertedDropout(keep_prob, seed=0), x)
    kept = result != 0
    assert kept.mean() == pytest.approx(keep_prob, abs=0.01)
    np.testing.assert_allclose(result[kept], x[kept] / keep_prob, rtol=1e-6)
    assert result.mean() == pytest.approx(x.mean(), rel=0.03)


def test_inference_changes_nothing():
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    np.testing.assert_array_equal(dropped(InvertedDropout(0.2), x, training=False), x)


def test_keeping_all_changes_nothing_in_training():
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    np.testing.assert_array_equal(dropped(InvertedDropout(1), x), x)


def test_one_seed_gives_one_sequence_of_different_masks():
    first, second = InvertedDropout(0.5, seed=7), InvertedDropout(0.5, seed=7)
    x = np.ones((20, 20))
    one, two = dropped(first, x), dropped(first, x)
    assert (one != two).any()
    np.testing.assert_array_equal(dropped(second, x), one)


def test_keep_prob_and_seed_survive_the_config():
    layer = InvertedDropout.from_config(InvertedDropout(0.1, seed=5).get_config())
    assert (layer.keep_prob, layer.seed) == (0.1, 5)
    assert "rate" not in layer.get_config()


@pytest.mark.parametrize("keep_prob", [0, -0.1, 1.5, float("nan"), "0.5", None, True])
def test_other_probabilities_are_refused_at_once(keep_prob):
    with pytest.raises(ValueError, match=rf"\(0, 1\].*Received: keep_prob={keep_prob!r}"):
        InvertedDropout(keep_prob)
