"""SIGTERM, noted and handed on."""

import signal
import threading

import pytest

from kerasrecipes.checkpoints.preemption import EXIT_STATUS, Preempted, Preemption


@pytest.fixture
def preemption():
    before = signal.getsignal(signal.SIGTERM)
    one = Preemption()
    yield one
    one.end()
    signal.signal(signal.SIGTERM, before)


def test_the_first_signal_is_noted(preemption):
    preemption.begin()
    assert not preemption.asked
    signal.raise_signal(signal.SIGTERM)
    assert preemption.asked


def test_the_second_ends_the_program_at_once(preemption):
    preemption.begin()
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Preempted) as ended:
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == EXIT_STATUS == 75


def test_the_handler_from_before_is_given_back(preemption):
    own = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    preemption.begin()
    preemption.end()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    signal.signal(signal.SIGTERM, own)


def test_leaving_calls_the_handler_from_before(preemption):
    seen = []
    signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    preemption.begin()
    with pytest.raises(Preempted):
        preemption.leave()
    assert seen == [signal.SIGTERM]


def test_a_signal_that_nobody_heeds_goes_to_the_handler_from_before(preemption):
    seen = []
    signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    preemption.is_heeded = lambda: False
    preemption.begin()
    signal.raise_signal(signal.SIGTERM)
    assert seen == [signal.SIGTERM]
    assert not preemption.asked


def test_leaving_after_the_end_still_calls_the_handler_from_before(preemption):
    seen = []
    signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    preemption.begin()
    preemption.end()
    with pytest.raises(Preempted):
        preemption.leave()
    assert seen == [signal.SIGTERM]


def test_other_threads_change_no_signals(preemption):
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=preemption.begin)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) == before
