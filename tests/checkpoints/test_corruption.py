"""Whatever is changed in a checkpoint, it is never read as another state."""

import hashlib
import json
import os
import random
import shutil

import numpy as np
import pytest

from kerasrecipes.checkpoints import CheckpointError, CheckpointStore
from kerasrecipes.checkpoints.checkpoint import ARRAYS, MANIFEST, STATE
from kerasrecipes.checkpoints.manifest import FileRecord, Manifest
from tests.checkpoints.test_array_archive import ONE, npy, of_members
from tests.checkpoints.test_state_tree import same

OLD, NEW = ({"w": np.arange(n, n + 30.0), "text": "a" * n, "n": [n]} for n in (1, 2))
DAMAGES = 300


@pytest.fixture
def said():
    return []


@pytest.fixture
def store(tmp_path, said):
    store = CheckpointStore(tmp_path, sink=said.append)
    store.save(1, OLD, {"epoch": 1})
    store.save(2, NEW, {"epoch": 2})
    return store


def damage(path, chance):
    """Changes one thing in a file: a bit, its end, a piece of it, or that it is there."""
    data = bytearray(path.read_bytes())
    place = chance.randrange(len(data))
    way = chance.choice(["flip", "flip", "cut", "zero", "insert", "missing"])
    if way == "flip":
        data[place] ^= 1 << chance.randrange(8)
    elif way == "cut":
        del data[place:]
    elif way == "zero":
        end = min(len(data), place + chance.randrange(1, 4096))
        data[place] ^= 255
        data[place + 1 : end] = bytes(end - place - 1)
    elif way == "insert":
        data[place:place] = bytes([chance.randrange(256)])
    path.unlink()
    if way != "missing":
        path.write_bytes(data)


def test_a_damaged_one_is_set_aside_and_the_one_before_it_is_used(store, said, tmp_path):
    chance, damaged = random.Random(0), tmp_path / "checkpoint-000000002"
    shutil.copytree(damaged, tmp_path / "sound")
    for _ in range(DAMAGES):
        damage(damaged / chance.choice([ARRAYS, STATE, MANIFEST]), chance)
        found = store.newest()
        assert (found.number, found.about) == (1, {"epoch": 1})
        assert same(found.state, OLD)
        aside = tmp_path / "corrupted-checkpoint-000000002"
        assert f"`{damaged}` is corrupted: `" in said[-1]
        assert said[-1].endswith(f"It was set aside as `{aside.name}`.")
        shutil.rmtree(aside)
        shutil.copytree(tmp_path / "sound", damaged)
    assert len(said) == DAMAGES
    assert same(store.newest().state, NEW)


def test_any_bit_of_a_manifest_matters(store, tmp_path):
    data = (tmp_path / "checkpoint-000000002" / MANIFEST).read_bytes()
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            with pytest.raises(ValueError):  # noqa: PT011 (of many kinds)
                Manifest.from_bytes(bytes(changed), "")


def test_without_a_whole_one_the_run_is_refused_again_and_again(store, said, tmp_path):
    for number in (1, 2):
        (tmp_path / f"checkpoint-00000000{number}" / MANIFEST).unlink()
    message = (
        r"holds no whole checkpoint, only corrupted ones \(corrupted-checkpoint-000000001, "
        r"corrupted-checkpoint-000000002\): put a whole one there, or move them away to begin anew"
    )
    for _ in range(2):
        with pytest.raises(CheckpointError, match=message):
            store.newest()
    assert len(said) == 2
    store.set_aside()
    assert store.newest() is None


def test_one_of_a_number_that_was_corrupted_before_is_set_aside_too(store, tmp_path):
    (tmp_path / "corrupted-checkpoint-000000002").mkdir()
    (tmp_path / "checkpoint-000000002" / STATE).unlink()
    assert same(store.newest().state, OLD)
    assert (tmp_path / "corrupted-checkpoint-000000002-2").is_dir()


def test_one_moved_to_another_number_is_set_aside(store, said, tmp_path):
    os.rename(tmp_path / "checkpoint-000000001", tmp_path / "checkpoint-000000003")
    assert same(store.newest().state, NEW)
    assert "`manifest.json` tells of another checkpoint" in said[0]


@pytest.mark.parametrize("way", ["folder", "link", "pipe", "file"])
def test_what_is_no_plain_file_is_set_aside(way, store, tmp_path):
    path = tmp_path / "checkpoint-000000002"
    if way == "file":
        shutil.rmtree(path)
        path.write_text("")
    else:
        os.rename(path / STATE, tmp_path / STATE)
        {
            "folder": os.mkdir,
            "link": lambda target: os.symlink(tmp_path / STATE, target),
            "pipe": os.mkfifo,
        }[way](path / STATE)
    assert same(store.newest().state, OLD)


def forge(folder, changes, **fields):
    """Puts other files into a checkpoint, with a manifest that agrees with them."""
    number, created, about, records = Manifest.from_bytes((folder / MANIFEST).read_bytes(), "")
    for name, data in changes.items():
        (folder / name).write_bytes(data)
        records[name] = FileRecord(len(data), hashlib.sha256(data).hexdigest())
    made = Manifest(number, created, about, records)._replace(**fields)
    (folder / MANIFEST).write_bytes(made.to_bytes())


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({ARRAYS: of_members([("../../evil.npy", ONE)]).getvalue()}, "does not hold 1 arrays"),
        ({ARRAYS: of_members([("array_0.npy", ONE), ("b.npy", ONE)]).getvalue()}, "does not hold"),
        ({ARRAYS: b"PK"}, "File is not a zip file"),
        ({STATE: b"[" * 100_000}, "recursion"),
        ({STATE: b"\xff"}, "cannot be taken apart"),
        ({STATE: b'["os.system", "true"]'}, "cannot be taken apart"),
        ({STATE: b'["array", 0, "finfo"]'}, "the dtype 'finfo' is not known here"),
        ({STATE: b'["number", "|O", "0000000000000000"]'}, "cannot be taken apart"),
        ({STATE: b'["number", "<f8", "00"]'}, "cannot be taken apart"),
        ({STATE: b"[]"}, "cannot be taken apart"),
    ],
)
def test_a_forged_one_is_set_aside(changes, reason, store, said, tmp_path):
    forge(tmp_path / "checkpoint-000000002", changes)
    assert same(store.newest().state, OLD)
    assert reason in said[0]
    assert len(said[0].splitlines()) == 1


def test_nothing_in_it_is_unpickled(store, said, tmp_path):
    trapped = npy(np.array([Trap(tmp_path / "sprung")]), allow_pickle=True)
    archive = of_members([("array_0.npy", trapped)]).getvalue()
    forge(tmp_path / "checkpoint-000000002", {ARRAYS: archive})
    assert same(store.newest().state, OLD)
    assert "of plain data" in said[0]
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "fields",
    [{"about": [1]}, {"files": {}}, {"number": "2"}],
)
def test_a_forged_manifest_is_set_aside(fields, store, tmp_path):
    forge(tmp_path / "checkpoint-000000002", {}, **fields)
    assert same(store.newest().state, OLD)


def test_another_format_is_refused_and_left_where_it_is(store, tmp_path, monkeypatch):
    monkeypatch.setattr("kerasrecipes.checkpoints.manifest.FORMAT", 2)
    forge_path = tmp_path / "checkpoint-000000003"
    store.save(3, "from the future", {})
    monkeypatch.undo()
    message = rf"`{forge_path}` is of format 2, and this version .* reads format 1: use the version"
    with pytest.raises(CheckpointError, match=message):
        store.newest()
    assert forge_path.is_dir()


def test_the_manifest_tells_what_it_is_about_without_the_arrays(store, tmp_path):
    told = json.loads((tmp_path / "checkpoint-000000002" / MANIFEST).read_text())
    assert (told["format"], told["number"], told["about"]) == (1, 2, {"epoch": 2})
    assert (
        told["files"][ARRAYS]["size"] == (tmp_path / "checkpoint-000000002" / ARRAYS).stat().st_size
    )
