"""Who holds which trial, and until when."""

import pytest

from kerasrecipes.tuning.distributed.leases import Leases, oracle_key, session_of, worker_of
from tests.tuning.distributed.searches import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def leases(clock):
    leases = Leases(10.0, clock)
    leases.take("0", "a@a/1", "a/1")
    leases.take("1", "a-1@a/1", "a/1")
    leases.take("2", "b@b/1", "b/1")
    return leases


def test_a_lease_ends_at_its_deadline(leases, clock):
    clock.now += 9.9
    assert leases.expired() == []
    clock.now += 0.1
    assert leases.expired() == ["0", "1", "2"]


def test_a_heartbeat_renews_the_trials_that_it_names_and_no_others(leases, clock):
    clock.now += 9
    assert leases.renew("a/1", ["0"]) == []
    clock.now += 1
    assert leases.expired() == ["1", "2"]


def test_a_heartbeat_hears_of_trials_that_are_not_its_own(leases):
    assert leases.renew("a/1", ["0", "2", "7"]) == ["2", "7"]
    assert leases.holder("2").session == "b/1"


def test_a_lease_of_stock_keras_tuner_has_no_deadline(leases, clock):
    leases.take("3", "c", None)
    clock.now += 1e6
    assert "3" not in leases.expired()
    assert "3" not in leases.abandoned({"c": []})


@pytest.mark.parametrize(
    ("alive", "lost"),
    [
        ({}, []),
        ({"a": ["a/1"]}, []),
        ({"a": ["a/2"]}, ["0", "1"]),
        ({"a": [], "b": ["b/1"]}, ["0", "1"]),
    ],
)
def test_workers_known_to_be_dead_lose_their_trials_at_once(alive, lost, leases):
    assert leases.abandoned(alive) == lost


def test_a_session_is_found_again_in_the_name_that_an_oracle_saves():
    assert session_of(oracle_key("tuner0-3", "tuner0/ab")) == "tuner0/ab"
    assert session_of(oracle_key("tuner0", None)) is None
    assert worker_of("rack/tuner0/ab") == "rack/tuner0"
