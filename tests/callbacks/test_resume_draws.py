"""A resumed fit where callbacks draw random numbers between those of the data."""

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import Resume
from kerasrecipes.callbacks.callback_states import may_draw_within_epochs

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 3)).astype("float32")
Y = X[:, :1]


class Stopped(KeyboardInterrupt):
    pass


class Draws(keras.callbacks.Callback):
    """Draws in one hook, and breaks off in the third epoch."""

    def __init__(self, hook, stops):
        super().__init__()
        self.hook, self.stops, self.steps = hook, stops, 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        self._draw("on_train_batch_end")
        if self.stops and self.steps == 13:
            raise Stopped

    def on_test_begin(self, logs=None):
        self._draw("on_test_begin")

    def _draw(self, hook):
        if hook == self.hook:
            np.random.rand()


class Noisy(keras.utils.PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        rows = slice(8 * index, 8 * index + 8)
        return X[rows] + np.random.normal(size=(8, 3)).astype("float32"), Y[rows]


def trained(directory, hook, data, stops=False):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    given = {"x": X, "y": Y, "batch_size": 8} if data == "arrays" else {"x": Noisy()}
    callbacks = [Draws(hook, stops), Resume(directory, every_steps=1, sink=None)]
    model.fit(**given, epochs=3, verbose=0, validation_data=(X, Y), callbacks=callbacks)
    return np.concatenate([weights.ravel() for weights in model.get_weights()])


@pytest.mark.parametrize(
    ("hook", "data"),
    [("on_train_batch_end", "arrays"), ("on_test_begin", "arrays"), ("on_test_begin", "PyDataset")],
)
def test_what_a_callback_draws_within_an_epoch_is_left_out_when_data_are_drawn_again(
    hook, data, tmp_path
):
    whole = trained(tmp_path / "whole", hook, data)
    with pytest.raises(Stopped):
        trained(tmp_path / "broken", hook, data, stops=True)
    np.testing.assert_array_equal(trained(tmp_path / "broken", hook, data), whole)


def test_numbers_of_callbacks_go_on_beside_a_dataset_that_calls_no_python(tmp_path):
    tf = pytest.importorskip("tensorflow", exc_type=ImportError)

    def drawn(directory, stops=False):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        endless = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(40, seed=1).repeat().batch(8)
        callbacks = [Draws("on_train_batch_end", stops), Resume(directory, 1, sink=None)]
        model.fit(endless, steps_per_epoch=5, epochs=3, verbose=0, callbacks=callbacks)
        return np.random.rand()

    whole = drawn(tmp_path / "whole")
    with pytest.raises(Stopped):
        drawn(tmp_path / "broken", stops=True)
    assert drawn(tmp_path / "broken") == whole


class InEpochs(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        np.random.rand()


def test_only_code_of_the_user_s_own_within_epochs_is_watched():
    own = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    idle = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)
    known = [keras.callbacks.ProgbarLogger(), InEpochs(), idle, Resume("unused", sink=None)]
    assert not may_draw_within_epochs(known)
    assert may_draw_within_epochs([*known, own])
    assert may_draw_within_epochs([Draws("on_test_begin", stops=False)])
