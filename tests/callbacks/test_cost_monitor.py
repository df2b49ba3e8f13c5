import itertools
import json
import math

import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.callbacks.cost_monitor import CostMonitor, penalty
from kerasrecipes.regularizers import L1, L2

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(32, 3)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0], [0.5]]) + 0.3).astype("float32")


def regularised(rate=0.05):
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(5, "tanh", kernel_regularizer=L2(3.0, 32), bias_regularizer=L1(1.0, 32)),
            layers.Dense(1, kernel_regularizer=L2(3.0, 32), activity_regularizer=L2(1.0, 32)),
        ]
    )
    model.compile(keras.optimizers.SGD(rate), loss="mse")
    return model


def penalty_by_hand(weights):
    kernel, bias, out, _ = weights
    return 3 / 64 * (np.square(kernel).sum() + np.square(out).sum()) + np.abs(bias).sum() / 64


def silent(**arguments):
    return CostMonitor(**arguments, sink=lambda line: None)


class WeightsOfEpochs(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.weights = [self.model.get_weights()]

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(self.model.get_weights())


def fit(model, monitor, batch_size, epochs=4):
    weights = WeightsOfEpochs()
    options = {"batch_size": batch_size, "epochs": epochs, "verbose": 0}
    history = model.fit(X, Y, callbacks=[monitor, weights], **options).history
    return history, [penalty_by_hand(each) for each in weights.weights]


def feed(monitor, costs, model=None):
    monitor.set_model(model or keras.Sequential([keras.Input((1,)), layers.Dense(1)]))
    monitor.on_train_begin()
    for epoch, cost in enumerate(costs):
        monitor.on_epoch_begin(epoch)
        monitor.on_epoch_end(epoch, {"loss": cost})
    return monitor


def test_penalty_is_that_of_the_weights_alone():
    model = regularised()
    model(X)  # leaves an activity loss behind
    model.layers[0].bias.assign(RANDOM.normal(size=5))
    assert penalty(model) == pytest.approx(penalty_by_hand(model.get_weights()), rel=1e-5)
    assert penalty(keras.Sequential([keras.Input((3,)), layers.Dense(1)])) == 0.0


def test_in_batch_mode_the_split_is_exact():
    model, monitor = regularised(), silent()
    before = model.get_weights()
    history, penalties = fit(model, monitor, batch_size=32)
    assert history["penalty"] == pytest.approx(penalties[:-1], rel=1e-5)
    model.set_weights(before)
    outputs = np.asarray(model(X))
    cost = np.mean((outputs - Y) ** 2) + np.square(outputs).sum() / 64 / 32
    assert history["cost_without_penalty"][0] == pytest.approx(cost, rel=1e-5)
    assert history["penalty"][0] > 0.01 * history["loss"][0]


def test_in_mini_batch_mode_it_is_the_mean_of_begin_and_end():
    history, penalties = fit(regularised(), silent(), batch_size=8)
    means = [(begin + end) / 2 for begin, end in itertools.pairwise(penalties)]
    assert history["penalty"] == pytest.approx(means, rel=1e-5)


@pytest.mark.parametrize("batch_size", [8, 32])
def test_the_parts_add_up_to_the_cost(batch_size):
    monitor = silent()
    history, _ = fit(regularised(), monitor, batch_size)
    sums = np.add(history["penalty"], history["cost_without_penalty"])
    assert sums == pytest.approx(np.array(history["loss"]), rel=1e-6)
    for name, key in [("cost", "loss"), ("penalty", "penalty")]:
        assert monitor.curves[name] == history[key]


@pytest.mark.parametrize("batch_size", [8, 32])
def test_a_healthy_fit_is_silent(batch_size):
    monitor = silent()
    fit(regularised(), monitor, batch_size, epochs=8)
    assert monitor.messages == []


def test_a_rate_too_large_is_reported_in_batch_mode():
    monitor = silent()
    history, _ = fit(regularised(rate=1.5), monitor, batch_size=32, epochs=8)
    assert np.any(np.diff(history["loss"]) > 0)
    assert len(monitor.messages) == 1
    assert "Lower the learning rate" in monitor.messages[0]


def test_a_rise_in_batch_mode_is_reported_once_with_its_numbers():
    lines = []
    monitor = feed(CostMonitor("batch", sink=lines.append), [1.0, 0.5, 0.75, 0.9, 0.1])
    assert monitor.messages == lines
    assert len(lines) == 1
    assert "the cost rose from 0.5 at epoch 2 to 0.75 at epoch 3" in lines[0]


@pytest.mark.parametrize("rise", [0.0, 1e-6])
@pytest.mark.parametrize("cost", [1.0, -1.0, 1e-8])
def test_rounding_is_no_rise(rise, cost):
    assert feed(silent(mode="batch"), [cost, cost + rise * abs(cost)]).messages == []


@pytest.mark.parametrize("cost", [1.0, -1.0, 1e-8])
def test_more_than_rounding_is_a_rise(cost):
    assert len(feed(silent(mode="batch"), [cost, cost + 1e-4 * abs(cost)]).messages) == 1


def test_with_dropout_the_cost_is_said_to_be_ill_defined():
    model = keras.Sequential([keras.Input((1,)), layers.Dropout(0.5, name="drop"), layers.Dense(1)])
    monitor = feed(silent(mode="batch"), [1.0, 2.0], model)
    assert "with drop active it is not well defined" in monitor.messages[0]


def test_a_stall_in_mini_batch_mode_is_reported_once_with_its_numbers():
    monitor = silent(mode="mini-batch", patience=2, smoothing=0.0)
    feed(monitor, [1.0, 0.5, 0.6, 0.55, 0.7, 0.8])
    assert len(monitor.messages) == 1
    assert "has not fallen for 2 epochs: 0.5 at epoch 2, 0.55 at epoch 4" in monitor.messages[0]


def test_in_mini_batch_mode_single_rises_are_accepted():
    costs = [1.0, 0.8, 0.85, 0.6, 0.65, 0.4, 0.45, 0.3]
    assert feed(silent(mode="mini-batch", patience=2), costs).messages == []


def test_costs_below_zero_fall_too():
    costs = [-1.0, -1.5, -2.0, -2.6, -3.0, -3.5, -4.0]
    assert feed(silent(mode="mini-batch"), costs).messages == []


@pytest.mark.parametrize("mode", ["batch", "mini-batch"])
@pytest.mark.parametrize("cost", [math.nan, math.inf])
def test_a_cost_no_longer_finite_is_reported(mode, cost):
    monitor = feed(silent(mode=mode), [1.0, cost, 1.0])
    assert monitor.messages == [
        f"The cost is {cost} at epoch 2. Lower the learning rate; look for NaN in the data."
    ]


def test_auto_tells_a_batch_from_mini_batches():
    for batches, batch_mode in [(1, True), (2, False)]:
        monitor = silent()
        monitor.set_model(keras.Sequential([keras.Input((1,)), layers.Dense(1)]))
        monitor.on_train_begin()
        monitor.on_epoch_begin(0)
        for batch in range(batches):
            monitor.on_train_batch_end(batch)
        assert monitor._in_batch_mode() is batch_mode


def test_one_object_serves_several_fits():
    monitor = feed(silent(mode="batch"), [1.0, 2.0])
    feed(monitor, [1.0, 0.5])
    assert (monitor.messages, monitor.curves["cost"]) == ([], [1.0, 0.5])


def test_state_resumes_exactly():
    costs = [1.0, 0.5, 0.6, 0.55, 0.7, 0.8]
    whole = feed(silent(mode="mini-batch", patience=2), costs)
    first = feed(silent(mode="mini-batch", patience=2), costs[:3])
    second = silent(mode="mini-batch", patience=2)
    second.set_model(first.model)
    second.on_train_begin()
    second.set_state(json.loads(json.dumps(first.get_state())))
    for epoch in range(3, 6):
        second.on_epoch_begin(epoch)
        second.on_epoch_end(epoch, {"loss": costs[epoch]})
    assert second.get_state() == whole.get_state()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "full"}, "`mode` must be one of 'auto', 'batch'.*mode='full'"),
        ({"patience": 0}, "`patience` must be.*patience=0"),
        ({"patience": 1.5}, "patience=1.5"),
        ({"smoothing": 1.0}, "beta=1.0"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        CostMonitor(**arguments)


def test_logs_without_the_cost_are_refused():
    monitor = silent()
    with pytest.raises(ValueError, match=r"`loss` must be in the logs.*logs of accuracy"):
        monitor.on_epoch_end(0, {"accuracy": 0.5})


def test_an_epoch_cut_off_after_its_first_step_is_no_batch_mode():
    monitor = silent()
    monitor.set_model(keras.Sequential([keras.Input((1,)), layers.Dense(1)]))
    monitor.set_params({"steps": 3})
    monitor.on_train_begin()
    monitor.on_epoch_begin(0)
    monitor.on_train_batch_end(0)
    assert monitor._in_batch_mode() is False
