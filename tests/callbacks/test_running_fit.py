"""What a callback can know of the `fit` that runs it."""

import threading

import keras
import numpy as np

from kerasrecipes.callbacks.running_fit import _PLACES, is_running, running_fit

X = np.ones((4, 1))


class Look(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.found = running_fit(self.model)
        self.ran_here = is_running(self.found.token)
        there = []
        thread = threading.Thread(target=lambda: there.append(is_running(self.found.token)))
        thread.start()
        thread.join()
        self.ran_there = there[0]


def fitted():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    look = Look()
    model.fit(X, X, batch_size=2, epochs=3, verbose=0, callbacks=[look])
    return model, look


def test_it_is_what_fit_was_given():
    _, look = fitted()
    assert look.found[:3] == (2, 3, True)
    assert look.found.given["x"] is X
    assert look in look.found.callbacks


def test_it_runs_until_it_has_ended_seen_from_any_thread():
    model, look = fitted()
    assert look.ran_here
    assert look.ran_there
    assert not is_running(look.found.token)
    assert running_fit(model) is None


def test_a_token_that_outlives_its_frame_is_not_taken_for_the_next_one_at_its_address():
    class Old:
        """Stands for the iterator of a fit that was broken off, which a cycle keeps."""

    class AtTheSame(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            running = running_fit(self.model)
            _PLACES[old] = _PLACES[running.token]
            self.saw_old = is_running(old)
            running = running_fit(self.model)
            self.saw = is_running(running.token), is_running(old)

    old, look = Old(), AtTheSame()
    model, _ = fitted()
    model.fit(X, X, batch_size=2, verbose=0, callbacks=[look])
    assert look.saw_old
    assert look.saw == (True, False)
