"""Standing between `fit` and its callbacks."""

import keras
import numpy as np

from kerasrecipes.callbacks.fit_hooks import HOOKS, FitHooks
from kerasrecipes.callbacks.running_fit import running_fit

X = np.ones((6, 1))


class Noted(keras.callbacks.Callback):
    def __init__(self, events):
        super().__init__()
        self.events = events

    def on_epoch_begin(self, epoch, logs=None):
        self.events.append("callback begins")

    def on_epoch_end(self, epoch, logs=None):
        self.events.append("callback ends")


class Between:
    def __init__(self, events):
        self.events = events

    def on_epoch_begin(self, forward, epoch, logs=None):
        self.events.append("first")
        forward(epoch, logs)

    def on_epoch_end(self, forward, epoch, logs=None):
        forward(epoch, logs)
        self.events.append("last")


class Starter(keras.callbacks.Callback):
    def __init__(self, listener):
        super().__init__()
        self.listener = listener

    def on_train_begin(self, logs=None):
        self.hooks = FitHooks(running_fit(self.model).given["callbacks"], self.listener)


def fit(callbacks, **given):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model.fit(X, X, batch_size=2, verbose=0, callbacks=callbacks, **given)


def test_it_is_before_and_after_all_callbacks_whatever_their_order():
    for place in (0, 1):
        events = []
        callbacks = [Noted(events)]
        callbacks.insert(place, Starter(Between(events)))
        fit(callbacks)
        assert events == ["first", "callback begins", "callback ends", "last"]


def test_what_is_not_handed_on_does_not_reach_them():
    class Mute:
        def on_epoch_end(self, forward, epoch, logs=None):
            pass

    assert fit([Starter(Mute())]).history == {}


def test_every_hook_of_fit_can_be_taken():
    seen = []

    class All:
        def __getattr__(self, name):
            if name not in HOOKS:
                raise AttributeError(name)

            def hook(forward, *arguments, **named):
                seen.append(name)
                forward(*arguments, **named)

            return hook

    fit([Starter(All())], validation_data=(X, X))
    assert set(seen) == set(HOOKS)


def test_it_leaves_as_it_came():
    callbacks = keras.callbacks.CallbackList([])
    before = dict(vars(callbacks))
    hooks = FitHooks(callbacks, Between([]))
    assert vars(callbacks) != before
    hooks.remove()
    assert vars(callbacks) == before
