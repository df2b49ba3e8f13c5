"""Nudges are told in words, written to a file, and read from one of doubtful origin."""

import json

import pytest

from kerasrecipes.live.nudge import Nudge, read_nudges, write_nudges

RATE = Nudge(120, 3, "2026-01-01T00:00:00+00:00", "learning_rate", 0.01, 0.001, "too wild")


@pytest.mark.parametrize(
    ("nudge", "text"),
    [
        (RATE, "learning rate 0.01 -> 0.001 (too wild)"),
        (Nudge(1, 0, "t", "clip_norm", None, 1.0), "clip norm none -> 1"),
        (Nudge(1, 0, "t", "decay_schedule", True, False), "decay schedule on -> off"),
        (Nudge(9, 2, "t", "go_back", 9, 4), "go back to saved point 4"),
        (Nudge(9, 2, "t", "pause"), "pause"),
    ],
)
def test_a_nudge_is_told_in_words(nudge, text):
    assert str(nudge) == text


def test_what_was_written_is_read_in_the_order_of_steps(tmp_path):
    early = Nudge(5, 0, "2026-01-02T00:00:00+00:00", "stop_after_epoch")
    assert read_nudges(write_nudges([RATE, early], tmp_path / "n.json")) == (early, RATE)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no json", "Expecting value"),
        ("[]", "list indices"),
        ('{"format": 2, "nudges": []}', "format is 2, and known is 1"),
        ('{"format": 1, "nudges": [{"step": -1}]}', "`step` of a nudge .* >= 0. Got: -1"),
        ('{"format": 1, "nudges": [7]}', "must have the fields step, epoch"),
        (json.dumps({"format": 1, "nudges": [RATE.to_dict() | {"new": "x"}]}), "Got: 'x'"),
        (json.dumps({"format": 1, "nudges": [RATE.to_dict() | {"run": "x"}]}), "have the fields"),
        (json.dumps({"format": 1, "nudges": [RATE.to_dict() | {"name": 3}]}), "`name` .* be text"),
    ],
)
def test_a_file_that_is_none_is_refused_with_what_is_wrong(tmp_path, content, said):
    path = tmp_path / "n.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=said):
        read_nudges(path)
