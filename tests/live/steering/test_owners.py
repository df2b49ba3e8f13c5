"""A learning rate that something else sets: said, taken over, given back."""

import keras
import numpy as np
import pytest
from keras import optimizers
from keras.optimizers import schedules

from kerasrecipes.callbacks import LearningRateDecay
from tests.live.steering.steered import STEPS, Steered, assert_same, fit, network


def shown(steering):
    return {setting.name: setting for setting in steering.settings()}


def decayed():
    return schedules.ExponentialDecay(0.05, STEPS, 0.5, staircase=True)


def test_a_schedule_is_the_owner_until_it_is_taken_over():
    seen = []

    def look(steering):
        setting = shown(steering)["learning_rate"]
        effective = float(keras.ops.convert_to_numpy(steering._model.optimizer.learning_rate))
        assert effective == pytest.approx(setting.value)
        switch = shown(steering)["decay_schedule"].value
        seen.append((setting.owner, setting.taken, switch, setting.value))

    def refused(steering):
        with pytest.raises(ValueError, match="is set by ExponentialDecay: take it over"):
            steering.move("learning_rate", 0.3)
        look(steering)
        assert steering.move("learning_rate", 0.3, take_over=True) == (0.05, 0.3)
        look(steering)
        assert steering.move("learning_rate", 0.4) == (0.3, 0.4)

    def back(steering):
        look(steering)
        steering.give_back("learning_rate")
        look(steering)

    fit(network(optimizers.Adam(decayed())), Steered(moves={1: refused, STEPS: back}))
    owner = "ExponentialDecay"
    assert seen == [
        (owner, False, True, 0.05),
        (owner, True, False, 0.3),
        (owner, True, False, 0.4),
        (owner, False, True, 0.025),
    ]


def test_the_switch_freezes_the_rate_and_gives_it_back():
    rates = []

    def at(switch):
        def move(steering):
            assert steering.move("decay_schedule", switch) == (not switch, switch)
            rates.append(shown(steering)["learning_rate"].value)

        return move

    moves = {1: at(False), 2 * STEPS: at(True)}
    fit(network(optimizers.SGD(decayed())), Steered(moves=moves), epochs=3)
    assert rates == [0.05, 0.0125]


def test_a_callback_goes_on_setting_its_own_rate_meanwhile():
    decay = LearningRateDecay(lambda epoch: 0.05 * 0.5**epoch, sink=None)
    owners = ("LearningRateDecay",)
    plain = fit(network(optimizers.SGD(0.1)), decay, epochs=1)
    rates = []

    def back(steering):
        rates.append(shown(steering)["learning_rate"].value)
        steering.move("decay_schedule", True)
        rates.append(shown(steering)["learning_rate"].value)

    moves = {
        STEPS: lambda s: s.move("learning_rate", 0.7, take_over=True),
        STEPS + 1: back,
    }
    steered = Steered(moves=moves, owners=owners)
    model = network(optimizers.SGD(0.1))
    fit(model, steered, decay, epochs=2)
    assert rates == [0.7, 0.025]
    assert float(np.asarray(model.optimizer.learning_rate)) == pytest.approx(0.025)
    steered = Steered(owners=owners)
    assert_same(fit(network(optimizers.SGD(0.1)), steered, decay, epochs=1), plain)


def test_a_rate_of_nobody_stays_after_the_fit():
    model = network(optimizers.SGD(0.1))
    fit(model, Steered(moves={1: lambda s: s.move("learning_rate", 0.03)}))
    assert float(np.asarray(model.optimizer.learning_rate)) == pytest.approx(0.03)
