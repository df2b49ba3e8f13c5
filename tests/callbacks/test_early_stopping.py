import inspect
import json
import math

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks.early_stopping import ADVICE, EarlyStopping
from tests.callbacks.keras_own_tests import cases, failures, keras_own_tests

keras_test = keras_own_tests("early_stopping_test")


class Weights:
    """A stand-in for a model: its weights are the number of the epoch."""

    def __init__(self):
        self.stop_training, self.weights = False, -1

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = weights


def feed(stopper, dev, train=None, name="loss"):
    """Feeds made-up costs into the hooks; returns the epochs run."""
    model = Weights()
    stopper.set_model(model)
    stopper.on_train_begin()
    for epoch, value in enumerate(dev):
        model.weights = epoch
        train_value = value if train is None else train[epoch]
        stopper.on_epoch_end(epoch, {name: train_value, f"val_{name}": value})
        if model.stop_training:
            break
    stopper.on_train_end()
    return epoch + 1


def silent(**arguments):
    return EarlyStopping(**arguments, sink=lambda line: None)


@pytest.mark.parametrize("case", cases(keras_test.EarlyStoppingTest))
def test_keras_s_own_tests_pass_with_this_class(case, monkeypatch):
    monkeypatch.setattr(keras_test.callbacks, "EarlyStopping", EarlyStopping)
    assert failures(keras_test.EarlyStoppingTest, case) == []


def test_keras_s_arguments_come_first_with_its_order_and_defaults():
    ours = list(inspect.signature(EarlyStopping).parameters.values())
    keras_s = list(inspect.signature(keras.callbacks.EarlyStopping).parameters.values())
    assert ours[: len(keras_s)] == keras_s
    extras = {parameter.name: parameter.default for parameter in ours[len(keras_s) :]}
    assert extras == {"smoothing": 0.0, "max_gap": None, "sink": print}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"patience": 3, "restore_best_weights": True},
        {"patience": 2, "min_delta": 0.3, "start_from_epoch": 4},
        {"patience": 2, "baseline": -0.5, "restore_best_weights": True},
        {"patience": 2, "mode": "max", "monitor": "val_loss"},
    ],
)
def test_with_the_extras_off_every_decision_is_keras_s(arguments, seed):
    costs = np.random.default_rng(seed).normal(size=30)
    ours, keras_s = silent(**arguments), keras.callbacks.EarlyStopping(**arguments)
    assert feed(ours, costs) == feed(keras_s, costs)
    for name in ("best", "best_epoch", "wait", "stopped_epoch", "best_weights"):
        assert getattr(ours, name) == getattr(keras_s, name)
    assert ours.model.weights == keras_s.model.weights


def test_a_spike_does_not_stop_an_averaged_cost():
    costs = [1.0, 0.8, 0.6, 0.7, 0.4, 0.3, 0.2]
    assert feed(silent(patience=1), costs) == 4
    assert feed(silent(patience=1, smoothing=0.8), costs) == 7


def test_the_best_point_is_that_of_the_averaged_cost():
    # One lucky epoch, then a steady fall.
    costs = [1.0, 0.1, 0.9, 0.5, 0.45, 0.4, 0.9, 0.9]
    stopper = silent(patience=2, smoothing=0.5, restore_best_weights=True)
    averages = [1.0, 0.4, 0.6857142857, 0.5866666667, 0.5161290323]
    feed(stopper, costs)
    assert stopper.curves["dev_smoothed"] == pytest.approx(averages[: len(stopper.curves["dev"])])
    assert (stopper.best_epoch, stopper.best) == (1, pytest.approx(0.4))


def test_max_gap_chooses_train_and_dev_together():
    dev = [1.0, 0.8, 0.6, 0.5, 0.45, 0.44]
    train = [1.0, 0.75, 0.5, 0.3, 0.1, 0.05]
    stopper = silent(patience=3, max_gap=0.1, restore_best_weights=True)
    assert feed(stopper, dev, train) == 6
    assert (stopper.best_epoch, stopper.model.weights) == (2, 2)
    assert stopper.stop_reason == (
        "val_loss has not improved on 0.6 (epoch 3) within a gap of 0.1 for 3 epochs: "
        "0.44 at epoch 6."
    )


def test_a_gap_of_exactly_max_gap_counts():
    stopper = silent(patience=9, max_gap=0.25)
    feed(stopper, [1.0, 0.75, 0.74], [1.0, 0.5, 0.25])
    assert stopper.best_epoch == 1


def test_for_scores_the_gap_is_how_much_lower_dev_is():
    stopper = silent(monitor="val_score", mode="max", patience=9, max_gap=0.1)
    feed(stopper, [0.5, 0.7, 0.8], [0.4, 0.75, 0.95], name="score")
    assert (stopper.best_epoch, stopper.best) == (1, 0.7)


def test_the_gap_is_that_of_the_averaged_costs():
    dev, train = [1.0, 0.9, 0.9], [1.0, 0.6, 0.9]
    alone, averaged = (
        silent(patience=9, max_gap=0.2),
        silent(patience=9, max_gap=0.2, smoothing=0.9),
    )
    feed(alone, dev, train)
    feed(averaged, dev, train)
    assert alone.best_epoch == 2
    assert averaged.curves["train_smoothed"][1] == pytest.approx(0.15 / 0.19)
    assert averaged.best_epoch in (1, 2)
    assert averaged.best == min(averaged.curves["dev_smoothed"])


def test_with_no_epoch_within_the_gap_the_last_weights_stay():
    stopper = silent(patience=2, max_gap=0.05, restore_best_weights=True)
    assert feed(stopper, [1.0, 0.9, 0.8], [0.5, 0.4, 0.3]) == 2
    assert stopper.model.weights == 1
    assert stopper.stop_reason == (
        "no epoch had a gap of 0.05 or less for 2 epochs: val_loss 0.9 at epoch 2."
    )


def test_start_from_epoch_holds_for_epochs_passed_over():
    stopper = silent(patience=1, max_gap=0.05, start_from_epoch=3)
    assert feed(stopper, [1.0] * 9, [0.5] * 9) == 4


def test_both_curves_are_kept():
    stopper = silent(patience=9)
    feed(stopper, [0.5, 0.4], [0.3, 0.2])
    assert stopper.curves["dev"] == stopper.curves["dev_smoothed"] == [0.5, 0.4]
    assert stopper.curves["train"] == stopper.curves["train_smoothed"] == [0.3, 0.2]


def test_a_missing_side_is_nan_in_the_curves():
    stopper = silent(monitor="loss")
    stopper.set_model(Weights())
    stopper.on_train_begin()
    stopper.on_epoch_end(0, {"loss": 1.0})
    assert stopper.curves["train"] == [1.0]
    assert math.isnan(stopper.curves["dev"][0])


@pytest.mark.parametrize("log", [None, "n/a", [0.1, "n/a"]])
def test_a_log_of_another_callback_that_is_no_number_is_nan_in_the_curves(log):
    stopper = silent(patience=5)
    feed(stopper, dev=[1.0, 0.5], train=[log, 2.0])
    np.testing.assert_array_equal(stopper.curves["train"], [math.nan, 2.0])
    assert stopper.best == 0.5


def test_a_monitor_logged_as_none_warns_as_in_keras():
    with pytest.warns(UserWarning, match="Early stopping conditioned on metric `val_loss`"):
        assert feed(silent(max_gap=0.1), dev=[None, None], train=[1.0, 1.0]) == 2


def test_it_says_once_why_and_what_else_could_be_done():
    lines = []
    stopper = EarlyStopping(patience=2, sink=lines.append)
    feed(stopper, [0.9, 0.5, 0.6, 0.7])
    reason = "val_loss has not improved on 0.5 (epoch 2) for 2 epochs: 0.7 at epoch 4."
    assert stopper.stop_reason == reason
    assert lines == [f"Early stopping: {reason} {ADVICE}"]


def test_it_is_silent_when_it_did_not_stop():
    lines = []
    stopper = EarlyStopping(patience=2, sink=lines.append)
    feed(stopper, [0.9, 0.5, 0.4])
    assert (lines, stopper.stop_reason) == ([], None)


def test_a_baseline_never_beaten_is_the_reason():
    stopper = silent(patience=3, baseline=0.25)
    feed(stopper, [0.9, 0.8, 0.7, 0.8])
    assert stopper.stop_reason == (
        "val_loss has not beaten the baseline 0.25 in 4 epochs: best 0.7 (epoch 3)."
    )


def test_a_metric_with_a_number_for_each_class_is_kept_as_their_mean():
    stopper = silent(monitor="val_f1", mode="max", patience=9)
    feed(stopper, [np.array([0.5, 0.7])], name="f1")
    assert stopper.curves["dev"] == pytest.approx([0.6])


def test_one_object_serves_several_fits():
    stopper = silent(patience=1, smoothing=0.5)
    feed(stopper, [0.9, 1.5, 1.6])
    assert stopper.stop_reason is not None
    feed(stopper, [9.0, 8.0])
    assert stopper.stop_reason is None
    assert stopper.curves["dev_smoothed"] == pytest.approx([9.0, 25 / 3])


@pytest.mark.parametrize("cut", [1, 4, 6])
def test_state_resumes_exactly(cut):
    costs = np.random.default_rng(3).normal(size=12).tolist()
    arguments = {"patience": 4, "smoothing": 0.6, "max_gap": 0.5}
    train = [cost - 0.3 for cost in costs]
    whole, first, second = silent(**arguments), silent(**arguments), silent(**arguments)
    feed(whole, costs, train)
    feed(first, costs[:cut], train[:cut])
    second.set_model(Weights())
    second.on_train_begin()
    second.set_state(json.loads(json.dumps(first.get_state())))
    for epoch in range(cut, len(whole.curves["dev"])):
        second.on_epoch_end(epoch, {"loss": train[epoch], "val_loss": costs[epoch]})
    assert second.get_state() == whole.get_state()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"smoothing": 1.0}, r"`smoothing` must be in \[0, 1\).*smoothing=1.0"),
        ({"smoothing": -0.1}, "smoothing=-0.1"),
        ({"max_gap": -0.5}, "`max_gap` must be >= 0.*max_gap=-0.5"),
        ({"max_gap": math.nan}, "max_gap=nan"),
        ({"max_gap": 0.1, "monitor": "loss"}, "`val_`.*max_gap=0.1, monitor='loss'.*'val_loss'"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        EarlyStopping(**arguments)


def test_unknown_arguments_are_refused():
    with pytest.raises(TypeError, match="patiense"):
        EarlyStopping(patiense=3)


def test_max_gap_without_the_train_value_is_refused():
    stopper = silent(max_gap=0.1)
    stopper.set_model(Weights())
    stopper.on_train_begin()
    with pytest.raises(ValueError, match=r"`max_gap` needs `loss` in the logs.*logs of val_loss"):
        stopper.on_epoch_end(0, {"val_loss": 1.0})


def test_a_missing_monitor_warns_as_in_keras():
    stopper = silent(monitor="val_cost", max_gap=0.1)
    stopper.set_model(Weights())
    stopper.on_train_begin()
    stopper.model.metrics = []
    stopper.mode = "min"
    with pytest.warns(UserWarning, match="`val_cost` which is not available"):
        stopper.on_epoch_end(0, {"loss": 1.0})
