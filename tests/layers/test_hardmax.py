import keras
import numpy as np
import pytest
from keras.src import testing

from kerasrecipes.layers import Hardmax


class LayerTest(testing.TestCase):
    def test_keras_layer_contract(self):
        self.run_layer_test(
            Hardmax,
            init_kwargs={},
            input_data=np.array([[1.0, 4.0, 2.0], [3.0, 3.0, 1.0]], "float32"),
            expected_output=keras.ops.convert_to_tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
            expected_num_trainable_weights=0,
            expected_num_non_trainable_weights=0,
            expected_num_seed_generators=0,
            supports_masking=True,
        )


@pytest.mark.parametrize("shape", [(5, 4), (2, 3, 4), (1, 1)])
def test_it_is_the_one_hot_of_numpy_argmax(shape):
    logits = np.random.default_rng(0).normal(size=shape).astype("float32")
    expected = np.eye(shape[-1])[logits.argmax(axis=-1)]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(Hardmax()(logits)), expected)


@pytest.mark.parametrize("dtype", ["float16", "float32", "int32", "uint8"])
def test_the_dtype_of_the_input_is_kept(dtype):
    logits = keras.ops.cast([[1, 2]], dtype)
    assert keras.backend.standardize_dtype(Hardmax()(logits).dtype) == dtype
    assert Hardmax()(keras.Input((2,), dtype=dtype)).dtype == dtype


def test_it_works_in_a_model_with_an_unknown_number_of_classes():
    model = keras.Sequential([keras.Input((None,)), Hardmax()])
    np.testing.assert_array_equal(model.predict(np.array([[1.0, 3.0]]), verbose=0), [[0, 1]])
