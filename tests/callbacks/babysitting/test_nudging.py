"""Requests done between two steps, without a training: settings are moved in a table."""

import pytest

from kerasrecipes.callbacks.babysitting import nudging as module
from kerasrecipes.callbacks.babysitting.nudging import NO_RESUME, Nudging
from kerasrecipes.callbacks.babysitting.progress import Progress
from kerasrecipes.live.nudge import Nudge
from kerasrecipes.live.request_box import Request
from kerasrecipes.live.setting import Setting


class Steering:
    """Settings in a table, moved as those of a program are."""

    def __init__(self):
        self.values = {"learning_rate": 0.1, "clip_norm": None}

    def settings(self):
        rate = Setting("learning_rate", "Learning rate", self.values["learning_rate"], 1e-8, 10)
        clip = Setting("clip_norm", "Clip norm", self.values["clip_norm"], 1e-6, 9, optional=True)
        return (rate, clip)

    def move(self, name, value, take_over):
        old, self.values[name] = self.values[name], value
        return old, value

    def get_state(self):
        return dict(self.values)

    def set_state(self, state):
        self.values = dict(state)


class Points:
    """Stands for `Resume`: counts what it is asked for."""

    def __init__(self):
        self.saves = 0

    def save(self):
        self.saves += 1


def at(step, nudging):
    nudging.progress.begin_batch(step)
    return nudging


@pytest.fixture
def nudging():
    return Nudging(Steering(), Progress(2, 10), None)


def test_a_nudge_tells_step_values_and_note(nudging):
    done = at(4, nudging).do(Request("learning_rate", 0.01, "calmer"))
    assert (done.step, done.epoch, done.old, done.new, done.note) == (4, 0, 0.1, 0.01, "calmer")
    assert nudging.nudges == [done]


def test_actions_change_what_can_be_done(nudging):
    assert nudging.actions()["go_on"] == "it is not paused"
    nudging.do(Request("pause"))
    assert nudging.is_paused
    assert (nudging.actions()["pause"], nudging.actions()["go_on"]) == ("it is paused", None)
    nudging.do(Request("stop"))
    assert (nudging.is_paused, nudging.is_stopped) == (False, True)


def test_without_resume_there_are_no_saved_points(nudging):
    assert nudging.actions()["save"] == nudging.actions()["go_back"] == NO_RESUME
    points = Points()
    with_points = Nudging(Steering(), Progress(2, 10), points)
    with_points.do(Request("save"))
    assert points.saves == 1
    with pytest.raises(ValueError, match=r"number of a saved point. Received: 1\.5"):
        with_points.do(Request("go_back", 1.5))


def test_a_replay_does_what_is_due_and_leaves_pauses_out():
    replay = [
        Nudge(2, 0, "t", "learning_rate", 0.1, 0.5),
        Nudge(3, 0, "t", "pause"),
        Nudge(3, 0, "t", "clip_norm", None, 2.0),
    ]
    nudging = Nudging(Steering(), Progress(2, 10), None, replay)
    nudging.check_replay()
    assert nudging.next_replay == 2
    assert at(1, nudging).replay(1) == []
    assert [each.name for each in at(2, nudging).replay(2)] == ["learning_rate"]
    assert [each.name for each in at(4, nudging).replay(4)] == ["clip_norm"]
    assert (nudging.next_replay, nudging.is_paused) == (None, False)
    assert nudging.steering.values == {"learning_rate": 0.5, "clip_norm": 2.0}


def test_another_goes_on_and_does_later_nudges_once():
    replay = [Nudge(8, 0, "t", "learning_rate", 0.1, 0.9), Nudge(9, 0, "t", "clip_norm", None, 3.0)]
    nudging = Nudging(Steering(), Progress(2, 10), None, replay)
    at(2, nudging).do(Request("learning_rate", 0.2))
    state = nudging.get_state()
    killed = at(8, nudging).replay(8)
    other = Nudging(Steering(), Progress(2, 10), None)
    other.set_state(state, later=killed)
    assert other.steering.values["learning_rate"] == 0.2
    assert [each.step for each in other.nudges] == [2]
    at(9, other).replay(9)
    assert [(each.name, each.new) for each in other.nudges[1:]] == [
        ("learning_rate", 0.9),
        ("clip_norm", 3.0),
    ]


def test_a_fit_has_a_most_of_nudges(nudging, monkeypatch):
    monkeypatch.setattr(module, "MOST_NUDGES", 2)
    nudging.do(Request("learning_rate", 0.2))
    nudging.do(Request("learning_rate", 0.3))
    with pytest.raises(ValueError, match="2 nudges are the most"):
        nudging.do(Request("learning_rate", 0.4))
