import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.callbacks import ActivationMonitor


def model_of(activation, biases):
    hidden = layers.Dense(4, activation, name="hidden")
    model = keras.Sequential([keras.Input((1,)), hidden, layers.Dense(1)])
    hidden.set_weights([np.ones((1, 4)), np.array(biases)])
    return model


def after_epochs(model, epochs=2, **arguments):
    lines, logs = [], {}
    monitor = ActivationMonitor(np.array([[0.1], [0.2]]), sink=lines.append, **arguments)
    monitor.set_model(model)
    monitor.on_train_begin()
    for epoch in range(epochs):
        monitor.on_epoch_end(epoch, logs)
    return monitor, lines, logs


@pytest.mark.parametrize(
    ("activation", "biases", "shares", "said"),
    [
        ("relu", [0.0, 0.0, -9.0, -9.0], (0.5, 0.0), []),
        ("relu", [0.0, -9.0, -9.0, -9.0], (0.75, 0.0), ["75 % of the units of hidden are dead"]),
        ("tanh", [9.0, -9.0, 9.0, 9.0], (0.0, 1.0), ["100 % of the units of hidden are saturated"]),
        ("sigmoid", [0.0, 9.0, 9.0, -9.0], (0.0, 0.75), ["75 % of the units of hidden are sat"]),
    ],
)
def test_it_counts_hidden_units_and_says_once_that_most_do_nothing(
    activation, biases, shares, said
):
    monitor, lines, logs = after_epochs(model_of(activation, biases), log=True)
    assert (monitor.units["hidden"].dead, monitor.units["hidden"].saturated) == shares
    assert (logs["dead/hidden"], logs["saturated/hidden"]) == shares
    assert [line[: len(wanted)] for line, wanted in zip(lines, said, strict=True)] == said
    assert len(monitor.history) == 2


def test_the_state_of_a_stateful_layer_stays_as_it_is():
    model = keras.Sequential(
        [keras.Input(batch_shape=(2, 3, 1)), layers.GRU(2, stateful=True), layers.Dense(1)]
    )
    monitor = ActivationMonitor(np.ones((2, 3, 1)), sink=None)
    monitor.set_model(model)
    monitor.on_epoch_end(0)
    assert not np.any(keras.ops.convert_to_numpy(model.layers[0].states[0]))


@pytest.mark.parametrize("limit", [0, 1.5])
def test_limit_must_be_a_share(limit):
    with pytest.raises(ValueError, match=rf"`limit` must be a share.*Received: limit={limit}"):
        ActivationMonitor(np.ones((1, 1)), limit=limit)
