import math

import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.callbacks.doctor import Doctor
from kerasrecipes.callbacks.gradient_monitor import GradientMonitor, judge_gradients
from kerasrecipes.gradients import TapReading

X = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")


def reading(not_finite=None):
    return TapReading(np.array([0]), {}, {}, 1, not_finite)


@pytest.mark.parametrize(
    ("norms", "not_finite", "said"),
    [
        ({"a": 1.0, "b": 2.0}, None, []),
        ({"a": 1e-5, "b": 0.9}, None, []),
        ({"a": 1e-6, "b": 1.0}, None, ["vanish: their norm is 1e-06 at a and 1 at b"]),
        ({"a": 2e4, "b": 1.0}, None, ["explode: their norm is 2e.04 at a"]),
        ({"a": math.nan}, (6, "b/kernel"), ["first arose at step 7 at b/kernel"]),
        ({}, None, []),
    ],
)
def test_it_says_what_is_wrong_with_the_numbers(norms, not_finite, said):
    found = [message for _, message in judge_gradients(reading(not_finite), norms)]
    assert len(found) == len(said)
    for message, wanted in zip(found, said, strict=True):
        assert wanted.replace("2e.04", "2e+04") in message


def deep(units=8, activation="sigmoid", depth=12):
    hidden = [layers.Dense(units, activation) for _ in range(depth)]
    model = keras.Sequential([keras.Input((3,)), *hidden, layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    return model


def test_in_a_fit_it_says_once_that_gradients_vanish_and_logs_each_layer():
    lines = []
    monitor = GradientMonitor(log=True, sink=lines.append)
    model = deep()
    history = model.fit(X, X[:, :1], epochs=2, verbose=0, callbacks=[monitor]).history
    assert len(lines) == 1
    assert "Gradients vanish" in lines[0]
    names = [layer.name for layer in model.layers]
    assert list(monitor.gradient_norms) == names
    assert {f"gradient_norm/{name}" for name in names} < set(history)
    assert history[f"update_ratio/{names[-1]}"][-1] == monitor.update_ratios[names[-1]]


def test_it_begins_anew_in_a_second_fit():
    monitor = GradientMonitor(sink=None)
    model = deep(activation="relu", depth=1)
    for _ in range(2):
        model.fit(X, X[:, :1], batch_size=4, verbose=0, callbacks=[monitor])
        assert monitor.reading.looks.tolist() == [0, 1, 2, 3]


def test_when_must_be_a_function():
    with pytest.raises(ValueError, match=r"`when` must be a function.*Received: when=50"):
        GradientMonitor(50)


def test_a_model_without_an_optimizer_is_said_and_its_fit_goes_on():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile(optimizer=None, loss="mse")
    monitor = GradientMonitor(sink=None)
    monitor.set_model(model)
    monitor.on_train_begin()
    monitor.on_epoch_end(0)
    monitor.on_train_end()
    [message] = monitor.messages
    assert message.startswith("not measured: gradients (ValueError: `model` must be compiled")


@pytest.mark.parametrize("kind", [GradientMonitor, Doctor])
def test_its_state_in_the_middle_of_an_epoch_is_that_of_the_last_step(kind):
    watch, steps = kind(sink=None), []
    take = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: steps.append(
            int(watch.get_state()["tap"]["inside"]["steps"])
        )
    )
    deep(activation="relu", depth=1).fit(X, X[:, :1], 4, 2, verbose=0, callbacks=[watch, take])
    assert steps == [1, 2, 3, 4, 5, 6, 7, 8]
