"""Saving beside the training."""

import errno
import os
import sys
import threading

import pytest

from kerasrecipes.checkpoints.background_saver import BEHIND, BackgroundSaver
from tests.patience import HANG


class Disk:
    """Takes what it is given, or fails as often as it is told to."""

    def __init__(self, failures=0):
        self.failures, self.saved, self.tried = failures, [], 0

    def save(self, number, state, about):
        self.tried += 1
        if self.failures:
            self.failures -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        self.saved.append(number)


def saver_on(disk, said=None):
    sink = said.append if said is not None else print
    return BackgroundSaver(disk.save, sink, retry_seconds=(0.01,))


def test_states_are_saved_in_order():
    disk = Disk()
    saver = saver_on(disk)
    for number in (1, 2):
        saver.put(number, {}, {})
        assert saver.finish()
    assert disk.saved == [1, 2]


def test_a_full_disk_is_said_once_and_tried_until_it_works():
    disk, said = Disk(failures=3), []
    saver = saver_on(disk, said)
    saver.put(1, {}, {})
    while not disk.saved:
        pass
    assert saver.finish()
    assert disk.saved == [1]
    assert len(said) == 2
    assert "No space left on device" in said[0]


def test_at_the_end_it_is_tried_once_more_and_the_failure_is_known():
    disk, said = Disk(failures=10**9), []
    saver = BackgroundSaver(disk.save, said.append, retry_seconds=(60.0,))
    saver.put(1, {}, {})
    while not said:
        pass
    assert not saver.finish()
    assert disk.tried == 2
    assert len(said) == 1


def test_it_is_idle_when_nothing_is_written_or_waits():
    gate = threading.Event()
    saver = BackgroundSaver(lambda number, state, about: gate.wait(HANG))
    assert saver.is_idle
    saver.put(1, {}, {})
    assert not saver.is_idle
    gate.set()
    saver.finish()
    assert saver.is_idle


def test_a_newer_state_takes_the_place_of_one_that_waits():
    gate, disk = threading.Event(), Disk()

    def slow(number, state, about):
        gate.wait(HANG)
        disk.save(number, state, about)

    saver = BackgroundSaver(slow)
    for number in (1, 2, 3):
        saver.put(number, {}, {})
        while number == 1 and saver._waiting is not None:
            pass
    gate.set()
    assert saver.finish()
    assert disk.saved == [1, 3]


def test_a_newer_state_is_saved_instead_of_one_that_cannot_be():
    disk, said = Disk(failures=10**9), []
    saver = BackgroundSaver(disk.save, said.append, retry_seconds=(60.0,))
    saver.put(1, {}, {})
    while not disk.tried:
        pass
    disk.failures = 0
    saver.put(2, {}, {})
    assert saver.finish()
    assert disk.saved == [2]


def test_an_error_of_the_program_is_raised_where_the_training_is():
    def broken(number, state, about):
        raise TypeError("a set cannot be stored")

    saver = BackgroundSaver(broken)
    saver.put(1, {}, {})
    with pytest.raises(TypeError, match="a set cannot be stored"):
        saver.finish()


def test_saving_begins_again_after_the_end():
    disk = Disk()
    saver = saver_on(disk)
    saver.finish()
    saver.put(1, {}, {})
    saver.finish()
    assert disk.saved == [1]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux")
def test_the_training_goes_before():
    seen = []
    before = os.getpriority(os.PRIO_PROCESS, 0)

    def save(number, state, about):
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    saver = BackgroundSaver(save)
    saver.put(1, {}, {})
    saver.finish()
    assert seen == [max(BEHIND, before)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
