"""Which settings a program has, what is refused, and the state."""

import json

import pytest
from keras import optimizers

from kerasrecipes.live.steering import Steering
from kerasrecipes.live.steering.knobs import found_in
from tests.live.steering.steered import Steered, fit, network


def settings_of(optimizer, **options):
    model = network(optimizer, **options)
    steering = Steering()
    steering.begin(model)
    try:
        return {setting.name: setting for setting in steering.settings()}
    finally:
        steering.end()


def test_values_are_those_of_the_program_in_order():
    found = settings_of(optimizers.SGD(0.1, 0.9, weight_decay=0.5, global_clipnorm=2.0))
    assert {name: setting.value for name, setting in found.items()} == {
        "learning_rate": 0.1,
        "momentum": 0.9,
        "weight_decay": 0.5,
        "clip_norm": 2.0,
        "keep_prob/drop": 0.8,
        "keep_prob/inner": 0.6,
    }
    assert all(setting.unavailable is None for setting in found.values())


@pytest.mark.parametrize(
    ("optimizer", "name", "why"),
    [
        (optimizers.SGD(0.1), "momentum", "compile with momentum=0.9"),
        (optimizers.SGD(0.1), "weight_decay", "compile with weight_decay=0.0"),
        (optimizers.Adam(0.1, clipnorm=1.5), "clip_norm", "clips by clipnorm=1.5"),
        (type("Own", (optimizers.Adam,), {})(0.1), "beta_1", "Own is no optimizer of Keras's"),
    ],
)
def test_what_cannot_be_moved_says_why(optimizer, name, why):
    assert why in settings_of(optimizer)[name].unavailable


def test_a_layer_that_keeps_all_cannot_be_moved():
    model = network(optimizers.SGD(0.1))
    model.get_layer("drop").rate = 0
    setting = next(each for each in found_in(model) if each.name == "keep_prob/drop")
    assert "draws no random numbers" in setting.unavailable


def test_layers_of_one_name_are_numbered():
    model = network(optimizers.SGD(0.1))
    model.get_layer("block").layers[0].name = "drop"
    names = [each.name for each in found_in(model) if each.name.startswith("keep_prob")]
    assert names == ["keep_prob/drop", "keep_prob/drop_1"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("rate", 0.1, "`name` must be one of the settings: learning_rate, momentum"),
        ("momentum", 1.0, "must be a number from 0 to 0.9999. Received: 1.0"),
        ("weight_decay", 0.1, "cannot be moved: compile with weight_decay=0.0"),
        ("decay_schedule", False, "`name` must be one of"),
    ],
)
def test_wrong_moves_are_refused(name, value, said):
    def refused(steering):
        with pytest.raises(ValueError, match=said):
            steering.move(name, value)
        with pytest.raises(ValueError, match="`learning_rate` has no owner"):
            steering.give_back("learning_rate")

    fit(network(optimizers.SGD(0.1, 0.9)), Steered(moves={1: refused}), epochs=1)


def test_outside_of_a_fit_there_are_no_settings():
    with pytest.raises(ValueError, match="none, for no fit is running"):
        Steering().move("learning_rate", 0.1)


def test_the_state_is_plain_and_of_the_same_program():
    states = []

    def noted(steering):
        steering.move("momentum", 0.5)
        states.append(json.loads(json.dumps(steering.get_state())))
        with pytest.raises(ValueError, match="a state with beta_1"):
            steering.set_state({"values": {"beta_1": 0.5}, "manual_rate": None})
        with pytest.raises(ValueError, match="a learning rate taken over"):
            steering.set_state({"values": {}, "manual_rate": 0.5})
        steering.set_state({"values": {}, "manual_rate": None})
        states.append(steering.get_state())

    fit(network(optimizers.SGD(0.1, 0.9)), Steered(moves={1: noted}), epochs=1)
    assert [state["values"]["momentum"] for state in states] == [0.5, 0.9]
