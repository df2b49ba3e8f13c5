"""Requests wait in order, within bounds, and each gets one reply."""

import threading

import pytest

from kerasrecipes.live.request_box import QueueFullError, Reply, Request, RequestBox
from tests.patience import HANG


def test_requests_are_taken_in_the_order_of_asking():
    box = RequestBox()
    assert not box.is_waiting
    box.put(Request("pause"))
    box.put(Request("stop"))
    assert box.is_waiting
    assert [box.take().request.name, box.take().request.name] == ["pause", "stop"]
    assert not box.is_waiting
    assert box.take() is None


def test_no_more_wait_than_are_allowed():
    box = RequestBox(most=2)
    box.put(Request("pause"))
    box.put(Request("pause"))
    with pytest.raises(QueueFullError, match="2 requests wait already: try again later"):
        box.put(Request("pause"))
    box.take()
    box.put(Request("stop"))


def test_the_first_reply_counts_and_is_told_once():
    box, told = RequestBox(), []
    pending = box.put(Request("learning_rate", 0.1), told.append)
    assert pending.wait(0) is None
    box.take().done({"new": 0.1})
    pending.refuse("too late")
    assert pending.wait(0) == Reply(result={"new": 0.1})
    assert told == [Reply({"new": 0.1}, None)]


def test_waiting_ends_with_a_request_from_another_thread():
    box = RequestBox()
    assert not box.wait(0)
    threading.Timer(0.02, box.put, [Request("go_on")]).start()
    assert box.wait(HANG)
    assert box.take().request.name == "go_on"


def test_a_closed_box_refuses_what_waits_and_what_comes():
    box = RequestBox()
    early = box.put(Request("stop"))
    box.close("the training has ended")
    late = box.put(Request("stop"))
    assert early.wait(0).refused == late.wait(0).refused == "the training has ended"
    assert box.take() is None
    assert not box.wait()  # and nothing hangs
