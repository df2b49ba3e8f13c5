"""Which fits have data that may draw random numbers beside the training."""

import keras
import pytest

from kerasrecipes.callbacks.data_reading import DataReading
from kerasrecipes.callbacks.running_fit import running_fit
from tests.callbacks.resumed_programs import ARRAYS, Shuffled, batches, network

IS_TENSORFLOW = keras.backend.backend() == "tensorflow"


class Look(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.found = DataReading.of(running_fit(self.model))


def reading(**given):
    look = Look()
    network().fit(**given, verbose=0, callbacks=[look])
    return look.found


def test_arrays_are_cut_by_keras_itself():
    assert reading(**ARRAYS) == (False, False)


def test_a_py_dataset_is_read_ahead_by_tensorflow_to_the_end_of_the_epoch():
    assert reading(x=Shuffled()) == (IS_TENSORFLOW, False)


@pytest.mark.filterwarnings("ignore:.*shuffle=True. was passed")
def test_a_generator_is_read_ahead_by_tensorflow_beyond_the_epoch():
    assert reading(x=batches(), steps_per_epoch=2) == (IS_TENSORFLOW, IS_TENSORFLOW)


@pytest.mark.filterwarnings("ignore:.*shuffle=True. was passed")
def test_a_dataset_draws_only_if_it_calls_python():
    tf = pytest.importorskip("tensorflow", exc_type=ImportError)
    x, y = ARRAYS["x"], ARRAYS["y"]
    plain = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
    called = plain.map(
        lambda x, y: (tf.ensure_shape(tf.numpy_function(abs, [x], x.dtype), x.shape), y)
    )
    assert reading(x=plain) == (False, False)
    assert reading(x=called).in_background
