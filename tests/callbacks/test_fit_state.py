"""The state of a fit between two steps."""

import keras
import numpy as np

from kerasrecipes.callbacks.fit_state import fit_state, put_back
from tests.callbacks.resumed_programs import ARRAYS, network


class Begins(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.begun = []

    def on_epoch_begin(self, epoch, logs=None):
        self.begun.append(epoch)


class Keeps(Begins):
    def get_state(self):
        return {"begun": list(self.begun)}

    def set_state(self, state):
        self.begun = list(state["begun"])


def trained(epochs):
    keras.utils.set_random_seed(epochs)
    model = network()
    model.fit(**ARRAYS, epochs=epochs, verbose=0)
    return model


def test_another_fit_goes_on_from_it_in_every_part():
    model, other = trained(1), trained(2)
    kept = Keeps()
    kept.begun, model.stop_training = [0, 1], True
    state = fit_state(model, [Begins(), kept])
    number = np.random.rand()
    callbacks = [Keeps(), Begins()]
    put_back(state, other, callbacks)
    assert np.random.rand() == number
    assert all(map(np.array_equal, other.get_weights(), model.get_weights()))
    assert other.stop_training
    assert [each.begun for each in callbacks] == [[0, 1], []]


def test_within_an_epoch_those_without_a_state_begin_it():
    model, callbacks = trained(1), [Keeps(), Begins()]
    put_back(fit_state(model, [Keeps()]), model, callbacks, begun=3)
    assert [each.begun for each in callbacks] == [[], [3]]


def test_random_numbers_are_left_alone_where_something_else_draws_them():
    model = trained(1)
    state = fit_state(model, [])
    np.random.seed(7)
    expected = np.random.rand()
    np.random.seed(7)
    put_back(state, model, [], with_random_numbers=False)
    assert np.random.rand() == expected
