"""The directory of a run is whole or as it was."""

import errno
import os
import shutil

import pytest

from kerasrecipes.data import DataError
from kerasrecipes.recipe.run_directory import NEEDED_BYTES, RunDirectory


def test_files_appear_when_they_are_committed(tmp_path):
    with RunDirectory(tmp_path / "a" / "b") as directory:
        directory.aside("result.json").write_text("1")
        directory.aside("model.keras").write_text("2")
        assert not (tmp_path / "a" / "b" / "model.keras").exists()
        directory.commit()
    assert sorted(os.listdir(tmp_path / "a" / "b")) == ["model.keras", "result.json"]


def test_the_result_is_moved_last(tmp_path, monkeypatch):
    moved = []
    monkeypatch.setattr(os, "replace", lambda source, target: moved.append(target.name))
    with RunDirectory(tmp_path / "run") as directory:
        for name in ("result.json", "a", "z"):
            directory.aside(name).write_text(name)
        directory.commit()
    assert sorted(moved[:-1]) == ["a", "z"]
    assert moved[-1] == "result.json"


def fail(path, error):
    """Begins to write a run, and raises `error`."""
    with RunDirectory(path) as directory:
        directory.aside("result.json").write_text("half")
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_without_a_commit_nothing_is_left(error, tmp_path):
    with pytest.raises(error):
        fail(tmp_path / "a" / "b", error)
    assert os.listdir(tmp_path) == []


def test_what_was_there_stays_as_it_was(tmp_path):
    (tmp_path / "result.json").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="oh"):
        fail(tmp_path, ValueError("oh"))
    assert (tmp_path / "result.json").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["mine.txt", "result.json"]


def test_files_of_the_same_name_are_replaced_and_others_stay(tmp_path):
    (tmp_path / "result.json").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    with RunDirectory(tmp_path) as directory:
        directory.aside("result.json").write_text("new")
        directory.commit()
    assert (tmp_path / "result.json").read_text() == "new"
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_disk_that_fills_up_is_told_and_nothing_is_left(tmp_path):
    match = r"b` could not be written \(No space left on device\); nothing was left there: free"
    with pytest.raises(DataError, match=match):
        fail(tmp_path / "a" / "b", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert os.listdir(tmp_path) == []


def write_where_all_was_removed(path):
    with RunDirectory(path / "b") as directory:
        shutil.rmtree(path)
        directory.aside("result.json").write_text("1")


def test_a_directory_that_someone_removed_meanwhile_is_told(tmp_path):
    match = r"b` could not be written \(No such file or directory\)"
    with pytest.raises(DataError, match=match):
        write_where_all_was_removed(tmp_path / "a")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("free", [0, NEEDED_BYTES - 1])
def test_a_disk_with_too_little_space_is_refused(free, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    match = rf"has {free / 2**20:.0f} MiB free, and a run needs 50: free some"
    with pytest.raises(DataError, match=match), RunDirectory(tmp_path / "a" / "b"):
        pytest.fail("entered")
    assert os.listdir(tmp_path) == []


def test_a_path_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    match = r"run` cannot be written to \(Not a directory\): choose another directory with --out"
    with pytest.raises(DataError, match=match), RunDirectory(tmp_path / "file" / "run"):
        pytest.fail("entered")
    assert (tmp_path / "file").read_text() == "x"


def test_folders_made_for_a_path_that_fails_are_taken_back(tmp_path):
    with pytest.raises(DataError, match="File name too long"), RunDirectory(
        tmp_path / "a" / ("b" * 300)
    ):  # fmt: skip
        pytest.fail("entered")
    assert os.listdir(tmp_path) == []


def test_two_runs_of_one_second_have_directories_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda _: "20300102-030405")
    paths = []
    for _ in range(3):
        with RunDirectory.named_after("digits") as directory:
            directory.aside("result.json").write_text("{}")
            directory.commit()
        paths.append(str(directory.path))
    stem = os.path.join("runs", "digits-20300102-030405")
    assert paths == [stem, f"{stem}-2", f"{stem}-3"]


def test_it_must_be_entered_first(tmp_path):
    with pytest.raises(RuntimeError, match="must be entered before it is written to"):
        RunDirectory(tmp_path).aside("a")
    with pytest.raises(RuntimeError, match="must be entered before it is committed"):
        RunDirectory(tmp_path).commit()
