"""Checkpoints are whole, the newest is found, and older ones make room."""

import errno
import os

import numpy as np
import pytest

from kerasrecipes.checkpoints import CheckpointStore
from tests.checkpoints.faulty_files import FaultyFiles
from tests.checkpoints.test_state_tree import same

STATE = {"weights": [np.arange(6, dtype="float32"), np.ones((2, 2))], "epoch": 3}
ABOUT = {"version": "0.1.0", "layers": [{"name": "dense"}], "rate": 0.1}


@pytest.fixture
def said():
    return []


@pytest.fixture
def store(tmp_path, said):
    return CheckpointStore(tmp_path / "run", sink=said.append)


def test_what_was_saved_is_found(store, said, tmp_path):
    path = store.save(123, STATE, ABOUT)
    found = store.newest()
    assert path == found.path == tmp_path / "run" / "checkpoint-000000123"
    assert (found.number, found.about, said) == (123, ABOUT, [])
    assert same(found.state, STATE)
    assert sorted(os.listdir(path)) == ["arrays.npz", "manifest.json", "state.json"]
    with np.load(path / "arrays.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["array_0"], STATE["weights"][0])


def test_a_missing_and_an_empty_directory_hold_none(store, tmp_path):
    assert store.newest() is None
    (tmp_path / "run").mkdir()
    assert store.newest() is None
    assert store.set_aside() is None


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_the_newest_are_kept(keep, tmp_path):
    store = CheckpointStore(tmp_path, keep)
    for number in (9, 10, 99_999_999, 1_000_000_000):
        store.save(number, number, {})
    kept = ["checkpoint-000000010", "checkpoint-099999999", "checkpoint-1000000000"]
    assert sorted(os.listdir(tmp_path)) == kept[-keep:]
    assert store.newest().state == 1_000_000_000


def test_a_number_saved_again_is_replaced(store, tmp_path):
    for state in ("first", "second", "third"):
        store.save(7, state, {})
        assert store.newest().state == state
    assert len(os.listdir(tmp_path / "run")) == 1
    store.save(8, "fourth", {})
    assert sorted(os.listdir(tmp_path / "run")) == [
        "checkpoint-000000007-3",
        "checkpoint-000000008",
    ]


def test_a_number_below_the_newest_is_refused(store):
    store.save(7, "new", {})
    with pytest.raises(ValueError, match=r"below that of the newest checkpoint, 7.* number=6"):
        store.save(6, "old", {})


@pytest.mark.parametrize("number", [-1, 1.0, True, None, 10**18])
def test_a_number_that_is_no_count_is_refused(number, store, tmp_path):
    with pytest.raises(ValueError, match=f"`number` must be a whole number.*number={number}"):
        store.save(number, 0, {})
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("keep", [0, -1, 1.5, "2", None, True])
def test_a_store_that_would_keep_none_is_refused(keep, tmp_path):
    with pytest.raises(ValueError, match=f"`keep` must be a whole number.*keep={keep!r}"):
        CheckpointStore(tmp_path, keep)


@pytest.mark.parametrize(
    ("about", "error", "message"),
    [
        ([], TypeError, r"`about` must be a dict.*about=\[\]"),
        ({"a": (1,)}, ValueError, r"`about` must come back from JSON as it is"),
        (
            {"a": float("nan")},
            ValueError,
            r"come back from JSON as it is.*not JSON compliant.*about=\{'a': nan\}",
        ),
        (
            {"a": np.zeros(1)},
            TypeError,
            r"`about` must come back from JSON.*not JSON serializable\)\. Received: about=",
        ),
        ({"a": "b" * 2**24}, ValueError, "`about` must be small, below 16 MiB"),
    ],
)
def test_an_about_that_json_does_not_have_is_refused(about, error, message, store):
    with pytest.raises(error, match=message):
        store.save(0, 0, about)
    assert store.newest() is None
    assert store._names() == []


def test_a_state_that_cannot_be_stored_touches_nothing(store, tmp_path):
    with pytest.raises(TypeError, match=r"`state\['a'\]` is a"):
        store.save(0, {"a": object()}, {})
    assert not (tmp_path / "run").exists()


def test_a_directory_that_was_lost_is_made_again(store, tmp_path):
    store.save(1, "one", {})
    os.rename(tmp_path / "run", tmp_path / "elsewhere")
    store.save(2, "two", {})
    assert store.newest().state == "two"


def test_all_is_moved_aside_and_the_run_begins_anew(store, tmp_path):
    for _ in range(2):
        store.save(5, "old", {})
        (tmp_path / "run" / "corrupted-checkpoint-000000004").mkdir()
        folder = store.set_aside()
        assert store.newest() is None
        held = ["checkpoint-000000005", "corrupted-checkpoint-000000004"]
        assert sorted(os.listdir(folder)) == held
    assert sorted(os.listdir(tmp_path / "run")) == ["set-aside", "set-aside-2"]


def test_what_killed_processes_left_is_removed(store, tmp_path):
    for name in (".partial-checkpoint-000000001-ab", ".removed-checkpoint-000000001-ab", "mine"):
        (tmp_path / "run" / name / "inside").mkdir(parents=True)
    store.save(2, 0, {})
    assert sorted(os.listdir(tmp_path / "run")) == ["checkpoint-000000002", "mine"]


def test_a_link_is_removed_and_not_what_it_leads_to(store, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "text").write_text("kept")
    (tmp_path / "run").mkdir()
    for name in ("checkpoint-000000001", ".partial-checkpoint-000000001-ab"):
        os.symlink(tmp_path / "mine", tmp_path / "run" / name)
    for number in (2, 3):
        store.save(number, 0, {})
    assert sorted(os.listdir(tmp_path / "run")) == ["checkpoint-000000002", "checkpoint-000000003"]
    assert (tmp_path / "mine" / "text").read_text() == "kept"


def test_what_cannot_be_removed_is_said_and_tried_again(tmp_path, said):
    files = FaultyFiles()
    store = CheckpointStore(tmp_path, 1, sink=said.append, files=files)
    store.save(1, 0, {})
    theirs, files.remove_folder = files.remove_folder, refused
    store.save(2, 0, {})
    assert said == [
        f"warning: `{tmp_path / 'checkpoint-000000001'}` cannot be removed (Permission denied): "
        "it is tried again with the next checkpoint."
    ]
    files.remove_folder = theirs
    store.save(3, 0, {})
    assert os.listdir(tmp_path) == ["checkpoint-000000003"]


def refused(*arguments):
    raise OSError(errno.EACCES, os.strerror(errno.EACCES))


def test_each_step_waits_until_the_one_before_is_on_the_disk(tmp_path):
    files = FaultyFiles()
    store = CheckpointStore(tmp_path, 1, files=files)
    store.save(1, STATE, ABOUT)
    files.done.clear()
    store.save(2, STATE, ABOUT)
    steps = [(name, getattr(target, "name", "")) for name, target in files.done]
    order = [name for name, target in steps if name in ("sync", "sync_folder", "rename")]
    assert order == ["sync"] * 3 + ["sync_folder", "rename", "sync_folder", "rename"]
    synced = [target for name, target in files.done if name == "sync_folder"]
    assert synced[0].name.startswith(".partial-")
    assert synced[1] == tmp_path
    last = max(n for n, (name, _) in enumerate(steps) if name == "sync_folder")
    assert all(n > last for n, (name, _) in enumerate(steps) if name.startswith("remove"))
