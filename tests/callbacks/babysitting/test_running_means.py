"""The mean of the batches since the last reading, taken from means of the whole epoch."""

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks.babysitting.running_means import RunningMeans, mean_names

COSTS = np.array([4.0, 2.0, 9.0, 1.0, 5.0])
MEANS = np.cumsum(COSTS) / np.arange(1, 6)


def test_it_is_that_of_the_batches_alone():
    means = RunningMeans({"loss"})
    read = [means.read(batches, {"loss": MEANS[batches - 1]})["loss"] for batches in (1, 3, 5)]
    assert read == pytest.approx([4.0, 5.5, 3.0])


def test_an_epoch_begins_anew_and_a_batch_is_told_once():
    means = RunningMeans({"loss"})
    means.read(3, {"loss": MEANS[2]})
    assert means.read(3, {"loss": MEANS[2]}) == {}
    means.begin_epoch()
    assert means.read(2, {"loss": 7.0}) == {"loss": 7.0}


def test_what_is_no_mean_is_left_out_and_nan_is_told():
    means = RunningMeans({"loss", "acc"})
    assert means.read(1, {"loss": 1.0, "acc": 0.5, "auc": 0.9}) == {"loss": 1.0, "acc": 0.5}
    assert np.isnan(means.read(2, {"loss": float("nan"), "acc": 0.5})["loss"])


def test_another_goes_on_from_its_state():
    means, other = RunningMeans({"loss"}), RunningMeans({"loss"})
    means.read(3, {"loss": MEANS[2]})
    other.set_state(means.get_state())
    assert other.read(5, {"loss": MEANS[4]})["loss"] == pytest.approx(3.0)


def test_the_means_of_a_compiled_model_are_found():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC(name="auc")])
    model.train_on_batch(np.ones((4, 2)), np.array([0, 1, 0, 1]))
    assert mean_names(model) == {"loss", "accuracy"}


def test_a_cost_that_is_logged_batch_by_batch_is_no_mean():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")  # and its own mean is never updated
    assert mean_names(model) == set()
