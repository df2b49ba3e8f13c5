"""The benchmark of kills: it finds what is wrong, and its quick mode finds nothing."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from kill_programs import corruption
from kill_programs.blows import AIMS, plan
from kill_programs.ends import differences, facts
from kill_programs.faulty_store import FAULTS, FaultyStore
from kill_programs.page import PAGE
from kill_programs.program import PROGRAMS

from kerasrecipes.checkpoints import CheckpointStore


def test_kills_are_planned_in_the_order_of_their_places_with_one_sigterm():
    blows = plan(50, 30, seed=1)
    assert [blow.signal for blow in blows].count(signal.SIGKILL) == 50
    assert [blow.signal for blow in blows].count(signal.SIGTERM) == 1
    assert [blow.position for blow in blows] == sorted(blow.position for blow in blows)
    assert {blow.aim for blow in blows} == set(AIMS)
    assert max(blow.position for blow in blows) < 30
    assert blows == plan(50, 30, seed=1) != plan(50, 30, seed=2)


def test_the_programs_save_in_every_rhythm():
    rhythms = {(each.every_steps, each.every_epochs) for each in PROGRAMS.values()}
    assert {(None, 1), (None, 2), (1, 1), (1, 2), (1, None), (3, 1), (3, 2), (3, None)} == rhythms


@pytest.mark.parametrize(
    ("other", "places"),
    [
        ({"w": np.float32([0.0, 1.0]), "n": [1, 0.5]}, []),
        ({"w": np.float32([-0.0, 1.0]), "n": [1, 0.5]}, ["w"]),
        ({"w": np.float64([0.0, 1.0]), "n": [1, 0.5]}, ["w"]),
        ({"w": np.float32([0.0, 1.0]), "n": [1.0, 0.5 + 2e-16]}, ["n 0", "n 1"]),
        ({"w": np.float32([0.0, 1.0]), "n": [1]}, ["n 1"]),
        ({"w": np.float32([0.0, 1.0]), "n": [1, 0.5], "seconds": 9.0}, []),
    ],
)
def test_ends_differ_where_a_bit_does(other, places):
    end = {"w": np.float32([0.0, 1.0]), "n": [1, 0.5]}
    assert differences(facts(end), facts(other)) == places


def filled(folder, numbers=(1, 2, 3)):
    store = CheckpointStore(folder / "checkpoints", keep=len(numbers))
    for number in numbers:
        store.save(number, {"w": np.full(9, number), "n": number}, {})
    return folder


def bytes_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_damage_is_done_to_the_checkpoints_that_are_named(tmp_path):
    for seed in range(20):
        folder = filled(tmp_path / str(seed))
        before = bytes_of(folder)
        named = corruption.damaged(folder, random.Random(seed))
        after = bytes_of(folder)
        assert {path.parent.name for path in before if before[path] != after[path]} == set(named)
        assert named


def test_of_damaged_directories_the_newest_whole_checkpoint_is_read(tmp_path):
    result = corruption.read_again(filled(tmp_path / "run"), 40, seed=0)
    assert result.wrong == []
    assert set(result.found) == {"newest", "an older one", "refused"}
    assert result.found.total() == 40


def test_a_store_that_reads_an_older_checkpoint_is_found_out(tmp_path, monkeypatch):
    folder = filled(tmp_path / "run")
    right = corruption.checkpoints

    def wrong(copy):
        if copy.name.startswith("run-"):
            newest = max((copy / "checkpoints").glob("checkpoint-*"))
            newest.rename(newest.with_name("gone"))
        return right(copy)

    monkeypatch.setattr(corruption, "checkpoints", wrong)
    assert any("was used" in line for line in corruption.read_again(folder, 5, seed=0).wrong)


def save_through(store, count):
    for number in range(1, count + 1):
        try:
            store.save(number, {"n": number}, {})
        except OSError:
            continue


@pytest.mark.parametrize("kind", FAULTS)
def test_every_operation_of_a_save_fails_in_turn_and_the_newest_stays(kind, tmp_path):
    store = FaultyStore(tmp_path, FAULTS[kind])
    save_through(store, 90)
    assert store.wrong == []
    assert {"write", "sync", "sync_folder", "rename", "create"} <= set(store.struck)
    assert store.is_through


def test_a_save_that_loses_what_was_there_is_found_out(tmp_path):
    store = FaultyStore(tmp_path)
    store.save(1, {"n": 1}, {})
    store.saved[2] = "another state"
    store.save(2, {"n": 2}, {})
    assert store.wrong == ["save 2, None: another state than was saved"]


def test_a_few_kills_and_faults_leave_no_trace():
    script = Path(corruption.__file__).parents[1] / "kill.py"
    command = [sys.executable, script, "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost; " in done.stdout
    assert done.stdout.endswith(": 0 wrong resumes\n")


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_the_page_has_the_results_of_both_backends(backend):
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(f"<!-- kills, {backend}: begin -->") == 1
    assert page.count(f"<!-- kills, {backend}: end -->") == 1
