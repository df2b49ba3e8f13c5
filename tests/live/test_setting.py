"""What a setting may be moved to."""

import json

import pytest

from kerasrecipes.live.setting import Setting

RATE = Setting("learning_rate", "Learning rate", 0.01, 1e-8, 10.0, "log")
CLIP = Setting("clip_norm", "Clip norm", None, 1e-6, 1e6, "log", optional=True)
SWITCH = Setting("decay_schedule", "Decay schedule", True, scale="switch")


@pytest.mark.parametrize(
    ("setting", "value", "taken"),
    [
        (RATE, 1, 1.0),
        (RATE, 1e-8, 1e-8),
        (CLIP, None, None),
        (CLIP, 2, 2.0),
        (SWITCH, False, False),
    ],
)
def test_values_in_range_are_taken(setting, value, taken):
    checked = setting.checked(value)
    assert checked == taken
    assert type(checked) is type(taken)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        (RATE, 0, "`learning_rate` must be a number from 1e-08 to 10. Received: 0."),
        (RATE, float("nan"), "Received: nan"),
        (RATE, float("inf"), "Received: inf"),
        (RATE, None, "Received: None"),
        (RATE, True, "Received: True"),
        (RATE, "1e-3", "Received: '1e-3'"),
        (CLIP, 0, "from 1e-06 to 1e\\+06, or none"),
        (SWITCH, 1, "must be true or false. Received: 1"),
    ],
)
def test_others_are_refused_by_the_rule(setting, value, said):
    with pytest.raises(ValueError, match=said):
        setting.checked(value)


def test_what_cannot_be_moved_says_why():
    decay = Setting("weight_decay", "Weight decay", None, unavailable="compile with weight_decay=0")
    with pytest.raises(ValueError, match="`weight_decay` cannot be moved: compile with"):
        decay.checked(0.1)


def test_it_is_json():
    assert json.loads(json.dumps(CLIP.to_dict()))["value"] is None
