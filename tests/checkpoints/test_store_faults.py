"""A fault at any operation of a save leaves the old state or the new one, whole."""

import errno
import itertools
import os

import numpy as np
import pytest

from kerasrecipes.checkpoints import CheckpointStore
from tests.checkpoints.faulty_files import FaultyFiles, Killed, NoWait
from tests.checkpoints.test_state_tree import same

OLDER, OLD, NEW = ({"w": np.full(5, number), "n": [number]} for number in range(3))
FAULTS = {
    "EIO": lambda: OSError(errno.EIO, os.strerror(errno.EIO)),
    "ENOSPC": lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    "killed": Killed,
}


def begun(directory, said):
    """A directory with two checkpoints, and what a killed process has left."""
    store = CheckpointStore(directory, sink=said.append, files=NoWait())
    store.save(0, OLDER, {})
    store.save(1, OLD, {})
    (directory / ".partial-checkpoint-000000001-ab").mkdir()
    return store


def each_operation(tmp_path, error, use):
    """Fails at each operation of a use of the store; gives the store and what was raised."""
    for at in itertools.count():
        directory = tmp_path / str(at)
        files, said, raised = FaultyFiles(at, error()), [], None
        store = begun(directory, said)
        try:
            use(CheckpointStore(directory, sink=said.append, files=files))
        except (OSError, Killed) as caught:
            raised = caught
        if len(files.done) <= at:
            break
        yield store, raised, said
    assert at > 3


def hidden(store):
    return [name for name in os.listdir(store.directory) if name.startswith(".")]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("number", [1, 2])
def test_the_newest_is_the_old_state_or_the_new_one(fault, number, tmp_path):
    ends = set()
    for store, raised, said in each_operation(
        tmp_path, FAULTS[fault], lambda store: store.save(number, NEW, {})
    ):
        said.clear()
        found = store.newest()
        is_new, is_old = same(found.state, NEW), same(found.state, OLD)
        assert is_new or (is_old and raised)
        assert said == []  # nothing torn was in a checkpoint's place
        store.save(3, "next", {})
        assert store.newest().state == "next"
        assert hidden(store) == []
        ends.add((is_new, raised is not None))
    assert ends == {(False, True), (True, True), (True, False)} - (
        {(True, False)} if fault == "killed" else set()
    )


def test_a_save_that_was_refused_leaves_nothing(tmp_path):
    count = 0
    for store, raised, _ in each_operation(
        tmp_path, FAULTS["EIO"], lambda store: store.save(2, NEW, {})
    ):
        if raised and same(store.newest().state, OLD):
            assert not [name for name in os.listdir(store.directory) if "000000002" in name]
            count += 1
    assert count > 20


def test_a_full_disk_is_freed_of_all_but_the_newest_and_tried_once_more(tmp_path):
    written = FaultyFiles()
    CheckpointStore(tmp_path / "probe", files=written).save(0, NEW, {})
    at = [name for name, _ in written.done].index("write")
    store = begun(tmp_path / "run", [])
    store.files = FaultyFiles(at + 8, FAULTS["ENOSPC"]())
    store.save(2, NEW, {})
    names = sorted(os.listdir(store.directory))
    assert names == ["checkpoint-000000001", "checkpoint-000000002"]
    assert same(store.newest().state, NEW)


def full(*arguments):
    raise FAULTS["ENOSPC"]()


def test_a_disk_that_stays_full_is_told_and_the_newest_stays(tmp_path):
    store = begun(tmp_path, [])
    store.files = FaultyFiles()
    store.files.write = full
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            store.save(2, NEW, {})
    assert os.listdir(tmp_path) == ["checkpoint-000000001"]
    assert same(store.newest().state, OLD)


def test_a_full_disk_does_not_cost_the_last_whole_one(tmp_path):
    store = begun(tmp_path, [])
    (tmp_path / "checkpoint-000000001" / "state.json").write_bytes(b"")
    store.files = FaultyFiles()
    store.files.write = full
    with pytest.raises(OSError, match="No space left"):
        store.save(2, NEW, {})
    store.sink = lambda line: None
    assert same(store.newest().state, OLDER)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_reading_loses_nothing(fault, tmp_path):
    for store, raised, said in each_operation(tmp_path, FAULTS[fault], lambda s: s.newest()):
        assert raised
        assert said == []
        assert same(store.newest().state, OLD)


def test_a_fault_in_moving_aside_loses_nothing(tmp_path):
    for store, _, _ in each_operation(tmp_path, Killed, lambda store: store.set_aside()):
        folders = [store.directory, *store.directory.glob("set-aside*")]
        found = [CheckpointStore(folder).newest() for folder in folders]
        assert any(each and same(each.state, OLD) for each in found)
