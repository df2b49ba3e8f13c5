"""One process in a directory at a time, and the second is told of the first."""

import contextlib
import errno
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import kerasrecipes.checkpoints.directory_lock as module
from kerasrecipes.checkpoints import CheckpointError, DirectoryLock
from kerasrecipes.checkpoints.holder import Holder

ROOT = Path(__file__).parents[2]
# The package alone, without Keras: `kerasrecipes` itself takes seconds to import.
ALONE = """
import sys, types
package = types.ModuleType("kerasrecipes")
package.__path__ = ["kerasrecipes"]
sys.modules["kerasrecipes"] = package
from kerasrecipes.checkpoints import CheckpointStore, DirectoryLock
lock = DirectoryLock(sys.argv[1])
"""
HOLD = (
    ALONE
    + """
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""
)
HOLD_WITH_A_CHILD = (
    ALONE
    + """
import os, time
lock.acquire()
if os.fork() == 0:
    time.sleep(60)
print("held", flush=True)
sys.stdin.read()
"""
)
REFUSED_CHILD = (
    ALONE
    + """
import os
lock.acquire()
if os.fork() == 0:
    lock.release()
    try:
        type(lock)(sys.argv[1]).acquire()
    except RuntimeError:
        os._exit(3)
    os._exit(0)
refused = os.waitstatus_to_exitcode(os.wait()[1]) == 3
print("held" if refused else "lost", flush=True)
sys.stdin.read()
"""
)


@pytest.fixture
def other():
    """Starts a process that holds a directory; ended after the test."""
    started = []

    def start(directory, code=HOLD):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(directory)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout.readline() == b"held\n"
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.communicate()


def test_the_second_process_is_refused_by_the_name_of_the_first(other, tmp_path):
    holder = other(tmp_path)
    message = (
        rf"`{tmp_path}` is in use by process {holder.pid} on \S+ \(-c, since 20.*\): wait for it"
    )
    with pytest.raises(CheckpointError, match=message):
        DirectoryLock(tmp_path).acquire()


@pytest.mark.parametrize("code", [HOLD, HOLD_WITH_A_CHILD])
def test_a_killed_process_holds_nothing_and_its_children_neither(code, other, tmp_path):
    holder = other(tmp_path, code)
    holder.kill()
    holder.wait()
    with DirectoryLock(tmp_path) as lock:
        assert not lock.waited


def test_another_holder_is_waited_for(other, tmp_path):
    holder = other(tmp_path)
    threading.Timer(0.2, holder.kill).start()
    with DirectoryLock(tmp_path, wait_seconds=10) as lock:
        assert lock.waited


def test_a_second_lock_of_this_process_is_refused_and_the_first_one_holds(other, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    with DirectoryLock(tmp_path):
        for _ in range(2):
            with pytest.raises(
                CheckpointError, match=f"this process itself, process {os.getpid()}"
            ):
                DirectoryLock(tmp_path / "link").acquire()
        with pytest.raises(AssertionError):  # another process cannot take it either
            other(tmp_path)
    other(tmp_path)


def test_it_is_closed_before_another_thread_may_take_it(tmp_path, monkeypatch):
    lock, seen = DirectoryLock(tmp_path), []
    lock.acquire()
    close = os.close
    monkeypatch.setattr(os, "close", lambda handle: (seen.append(len(module._held)), close(handle)))
    lock.release()
    assert (seen, len(module._held)) == ([1], 0)


def test_it_can_be_taken_again_when_it_was_released(tmp_path):
    lock = DirectoryLock(tmp_path / "a" / "b")
    for _ in range(2):
        lock.acquire()
        lock.release()
        lock.release()
    assert (tmp_path / "a" / "b" / ".lock").read_bytes() == b""


def test_a_forked_child_is_refused_and_frees_nothing(other, tmp_path):
    holder = other(tmp_path, REFUSED_CHILD)
    with pytest.raises(CheckpointError, match=f"in use by process {holder.pid} "):
        DirectoryLock(tmp_path).acquire()


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path):
    (tmp_path / "mine").write_text("kept")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError, match="Too many levels"):
        DirectoryLock(tmp_path / "run").acquire()
    assert (tmp_path / "mine").read_text() == "kept"


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_a_negative_time_is_refused(seconds, tmp_path):
    with pytest.raises(ValueError, match=f"`wait_seconds` must be at least 0.*={seconds}"):
        DirectoryLock(tmp_path, wait_seconds=seconds)


class NoLocks:
    """A system whose file system has no locks."""

    LOCK_EX = LOCK_NB = 0

    def lockf(self, handle, operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


@pytest.fixture(params=[NoLocks(), None])
def no_locks(request, monkeypatch):
    monkeypatch.setattr(module, "fcntl", request.param)
    monkeypatch.setattr(module, "CLAIM_SECONDS", 0)


def left(tmp_path, **changes):
    """A file of a lock that tells of this process, with changes."""
    holder = Holder.this_process()._replace(**changes)
    (tmp_path / ".lock").write_text(holder.to_text())
    return holder


def test_without_locks_a_process_that_lives_is_the_holder(no_locks, tmp_path):
    holder = left(tmp_path, pid=os.getppid(), started="")
    with pytest.raises(CheckpointError, match=re.escape(f"in use by {holder} (if that has ended,")):
        DirectoryLock(tmp_path).acquire()
    assert Holder.from_text((tmp_path / ".lock").read_text()) == holder


def test_without_locks_a_process_of_another_machine_is_the_holder(no_locks, tmp_path):
    left(tmp_path, host="elsewhere", pid=1)
    with pytest.raises(CheckpointError, match="process 1 on elsewhere"):
        DirectoryLock(tmp_path).acquire()


@pytest.mark.parametrize(
    "changes",
    [
        {"pid": 2**22 + 1},  # above the highest of Linux
        {"pid": os.getppid(), "started": "0"},  # the number was given again
        {"started": "0"},  # to this very process
    ],
)
def test_without_locks_a_process_that_died_is_no_holder(no_locks, changes, tmp_path):
    left(tmp_path, **changes)
    with DirectoryLock(tmp_path):
        told = Holder.from_text((tmp_path / ".lock").read_text())
        assert told.pid == os.getpid()
    assert (tmp_path / ".lock").read_bytes() == b""


def test_without_locks_the_last_of_two_at_once_is_the_holder(no_locks, tmp_path, monkeypatch):
    monkeypatch.setattr(module.time, "sleep", lambda seconds: left(tmp_path, pid=os.getppid()))
    with pytest.raises(CheckpointError, match=f"in use by process {os.getppid()}"):
        DirectoryLock(tmp_path).acquire()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"pid": -1}', '{"pid": "x"}', "[" * 5000, '{"pid": 3}']
)
def test_a_file_that_tells_of_nobody_is_no_obstacle(no_locks, text, tmp_path):
    (tmp_path / ".lock").write_text(text)
    with DirectoryLock(tmp_path):
        assert Holder.from_text((tmp_path / ".lock").read_text()).pid == os.getpid()


def test_what_a_file_tells_makes_no_second_line():
    holder = Holder(3, "a\nb", "c" * 999, "now")
    told = str(Holder.from_text(holder.to_text()))
    assert len(told.splitlines()) == 1
    assert len(told) < 300


def test_a_full_disk_keeps_nobody_out(tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with DirectoryLock(tmp_path), pytest.raises(CheckpointError):
        DirectoryLock(tmp_path).acquire()
