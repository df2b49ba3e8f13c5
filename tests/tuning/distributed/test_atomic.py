"""Files that are whole or not there."""

import errno
import os
import stat
import time

import pytest

from kerasrecipes.tuning.distributed import atomic
from kerasrecipes.tuning.distributed.errors import StoreError


def full(monkeypatch, times, number=errno.ENOSPC):
    """Makes the disk full for some writes."""
    left, theirs = [times], os.fsync

    def fsync(handle):
        if left[0]:
            left[0] -= 1
            raise OSError(number, os.strerror(number))
        theirs(handle)

    monkeypatch.setattr(os, "fsync", fsync)


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    file = tmp_path / "state.json"
    assert atomic.save_json(file, {"a": 1}) == '{"a": 1}'
    atomic.save_json(file, {"a": 2})
    assert file.read_text() == '{"a": 2}'
    assert os.listdir(tmp_path) == ["state.json"]


def test_a_file_has_the_permissions_of_any_other(tmp_path):
    atomic.write_text(tmp_path / "ours", "")
    (tmp_path / "theirs").write_text("")
    ours, theirs = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "theirs"))
    assert ours == theirs


def test_what_was_there_stays_if_the_write_is_interrupted(tmp_path, monkeypatch):
    file = tmp_path / "state.json"
    file.write_text("old")

    def interrupted(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        atomic.write_text(file, "new")
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["state.json"]


def test_old_leftovers_of_killed_processes_are_removed(tmp_path):
    for name in (".state.json-abc", "trial_0/.state.json-def", ".other.json-abc", "state.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    atomic.remove_leftovers(tmp_path, "state.json")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 4
    atomic.remove_leftovers(tmp_path, "state.json", now=time.time() + 2 * atomic.LEFT_SECONDS)
    assert sorted(os.listdir(tmp_path)) == [".other.json-abc", "state.json", "trial_0"]
    assert os.listdir(tmp_path / "trial_0") == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_tried_again(number, tmp_path, monkeypatch):
    full(monkeypatch, times=2, number=number)
    said, slept = [], []
    file = tmp_path / "a"
    atomic.write_text(file, "text", sink=said.append, sleep=slept.append)
    assert file.read_text() == "text"
    assert slept == [1, 2]
    assert said[0] == (
        f"warning: no space left for `{file}`: trying again in 1 s; the search goes on as soon as "
        "some is freed."
    )


def test_a_disk_that_stays_full_is_an_error(tmp_path, monkeypatch):
    full(monkeypatch, times=100)
    slept = []
    with pytest.raises(StoreError, match="No space left on device"):
        atomic.write_text(tmp_path / "a", "", sink=lambda line: None, sleep=slept.append)
    assert slept == list(atomic.RETRY_SECONDS)


def test_a_directory_that_cannot_be_written_is_named_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    blocked = tmp_path / "file/search"
    with pytest.raises(StoreError, match=f"`{blocked}` cannot be written .Not a directory."):
        atomic.make_directory(blocked)
    with pytest.raises(StoreError, match=f"`{blocked}` cannot be written .Not a directory."):
        atomic.write_text(blocked / "oracle.json", "")
