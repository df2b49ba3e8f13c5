"""Hyperparameters along an axis: ticks on their own scale, `beta` for `one_minus_beta`, boxes."""

import keras_tuner
import numpy as np
import pytest

from kerasrecipes.tuning.dimensions import dimensions, shown_value
from kerasrecipes.tuning.trials_table import trials_table
from tests.tuning.made_up import Round, searched


def dimension_of(register, trials=5, rounds=()):
    space = keras_tuner.HyperParameters()
    register(space)
    (found,) = dimensions(trials_table(searched(space, lambda v: 1.0, trials, rounds=rounds)))
    return found


@pytest.mark.parametrize(("register", "labels"), [
    (lambda hp: hp.Float("x", 0.0, 1.0), ["0", "0.5", "1"]),
    (lambda hp: hp.Float("x", 1e-4, 0.1, sampling="log"), ["10⁻⁴", "0.001", "0.01", "0.1"]),
    (lambda hp: hp.Float("x", 0.02, 0.5, sampling="log"), ["0.03", "0.1", "0.3"]),
    (lambda hp: hp.Int("x", 16, 128, step=2, sampling="log"), ["16", "32", "64", "128"]),
    (lambda hp: hp.Int("x", 1, 3), ["1", "2", "3"]),
    (lambda hp: hp.Int("x", 3, 3), ["3"]),
    (lambda hp: hp.Float("x", 0.5, 0.5), ["0.5"]),
    (lambda hp: hp.Choice("x", ["sgd", "adam"]), ["sgd", "adam"]),
    (lambda hp: hp.Boolean("x"), ["no", "yes"]),
])  # fmt: skip
def test_ticks_are_round_values_of_the_hyperparameter(register, labels):
    assert [text for _, text in dimension_of(register).ticks] == labels


def test_ticks_of_a_logarithmic_scale_stand_evenly():
    places = [place for place, _ in
              dimension_of(lambda hp: hp.Float("x", 1e-4, 1.0, sampling="log")).ticks]  # fmt: skip
    np.testing.assert_allclose(places, [0, 0.25, 0.5, 0.75, 1], atol=1e-12)


def test_one_minus_beta_is_shown_as_beta_rising_to_the_right():
    box = {"one_minus_beta": (0.0, 0.25)}  # the smallest 1 - beta: the largest beta
    found = dimension_of(
        lambda hp: hp.Float("one_minus_beta", 1e-3, 0.1, sampling="log"),
        rounds=(Round(0, 0), Round(1, 2, (box,))),
    )
    assert found.name == "beta"
    assert [text for _, text in found.ticks] == ["0.9", "0.99", "0.999"]
    np.testing.assert_allclose([place for place, _ in found.ticks], [0.0, 0.5, 1.0])
    assert found.boxes == ((), ((0.75, 1.0),))
    assert found.scale == "even in log(1 − beta)"


def test_a_plain_number_called_one_minus_something_stays_what_it_is():
    assert dimension_of(lambda hp: hp.Float("one_minus_x", 0.0, 1.0)).name == "one_minus_x"


@pytest.mark.parametrize(("value", "text"), [(0.1, "0.9"), (0.01, "0.99"), (0.00123, "0.9988")])
def test_values_near_one_keep_the_digits_that_tell_them_apart(value, text):
    hp = keras_tuner.HyperParameters()
    hp.Float("one_minus_beta", 1e-4, 0.5, sampling="log")
    assert shown_value("one_minus_beta", hp.space[0], value) == text


def test_places_fit_their_ticks():
    space = keras_tuner.HyperParameters()
    space.Choice("x", ["a", "b", "c"])
    table = trials_table(searched(space, lambda v: 1.0, 20))
    (found,) = dimensions(table)
    at = dict(found.ticks)
    assert [at[place] for place in found.places] == [values["x"] for values in table.values]
    assert found.categories
