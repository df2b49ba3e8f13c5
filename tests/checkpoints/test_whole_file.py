"""Files that are whole or not there."""

import errno
import itertools
import os
import stat

import pytest

from kerasrecipes.checkpoints import put_in_place, whole_file, write_bytes, write_text
from tests.checkpoints.faulty_files import FaultyFiles, Killed


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    assert write_text(str(path), "α\r\n\n") == path
    assert path.read_bytes() == "α\r\n\n".encode()
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_file_has_the_permissions_of_any_other(tmp_path):
    write_bytes(tmp_path / "ours", b"")
    (tmp_path / "theirs").write_text("")
    ours, theirs = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "theirs"))
    assert ours == theirs


@pytest.mark.parametrize("name", ["a" * 255, "é" * 127])
def test_a_name_may_be_as_long_as_the_system_takes(name, tmp_path):
    write_text(tmp_path / name, "text")
    assert (tmp_path / name).read_text() == "text"


def begin_and_stop(path):
    with whole_file(path) as file:
        file.write(b"new")
        raise KeyboardInterrupt


def test_the_block_may_fail_and_what_was_there_stays(tmp_path):
    path = write_text(tmp_path / "a", "old")
    with pytest.raises(KeyboardInterrupt):
        begin_and_stop(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), Killed()])
def test_a_fault_at_any_operation_leaves_the_old_or_the_new(error, tmp_path):
    for at in itertools.count():
        path = write_text(tmp_path / "a", "old")
        files = FaultyFiles(at, error)
        try:
            write_text(path, "new", files)
        except (OSError, Killed):
            assert path.read_text() == "old"
        if isinstance(error, OSError):
            assert os.listdir(tmp_path) == ["a"]
        if len(files.done) <= at:
            break
    assert path.read_text() == "new"
    assert at == 4  # create, write, sync, rename


def test_a_finished_file_is_flushed_and_moved(tmp_path):
    (tmp_path / "aside").write_text("new")
    path, files = write_text(tmp_path / "a", "old"), FaultyFiles()
    put_in_place(tmp_path / "aside", path, files)
    assert path.read_text() == "new"
    assert [name for name, _ in files.done] == ["open", "sync", "rename"]
    assert os.listdir(tmp_path) == ["a"]


def test_a_missing_directory_is_told_plainly(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "nowhere" / "a", "text")
