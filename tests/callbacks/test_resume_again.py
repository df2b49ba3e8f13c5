"""One `Resume` object given to a second fit after its first was broken off."""

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import Resume

X = np.ones((4, 1), "float32")


class Breaking(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise RuntimeError("broken off")


def network():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_it_goes_on_while_the_error_of_the_first_is_still_held(tmp_path):
    model, said = network(), []
    resume = Resume(tmp_path, sink=said.append)
    with pytest.raises(RuntimeError, match="broken off") as held:
        model.fit(X, X, epochs=3, callbacks=[resume, Breaking()], verbose=0)
    history = model.fit(X, X, epochs=3, callbacks=[resume], verbose=0)
    assert any("goes on from the end of epoch 1 of 3" in line for line in said)
    assert history.epoch == [0, 1, 2]
    del held


class Forgetting(keras.callbacks.Callback):
    """Lets go of an error in the middle of a fit."""

    def __init__(self, errors):
        super().__init__()
        self.errors = errors

    def on_epoch_begin(self, epoch, logs=None):
        self.errors.clear()


def test_what_is_left_of_the_first_does_not_close_the_second(tmp_path):
    model, errors = network(), []
    resume = Resume(tmp_path, sink=None)
    try:
        model.fit(X, X, epochs=3, callbacks=[resume, Breaking()], verbose=0)
    except RuntimeError as error:
        errors.append(error)
    model.fit(X, X, epochs=4, callbacks=[resume, Forgetting(errors)], verbose=0)
    assert errors == []
    assert max(path.name for path in tmp_path.glob("checkpoint-*")) == "checkpoint-000000004"
