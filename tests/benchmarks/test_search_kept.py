"""Searches that were done are not done again."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from search_tasks.kept import Kept, name_of

COURSE = np.array([0.5, 0.25, np.inf])


def test_what_was_saved_or_packed_is_there(tmp_path):
    kept = Kept(tmp_path / "folder", tmp_path / "courses.tar.xz")
    name = name_of("Optuna GP", "table of digits", 3, 80)
    assert name == "Optuna_GP/table_of_digits/seed3_budget80.npy"
    assert not kept.has(name)
    kept.save(name, COURSE)
    np.testing.assert_array_equal(kept.load(name), COURSE)
    kept.pack([name, "never done"])
    elsewhere = Kept(tmp_path / "empty", tmp_path / "courses.tar.xz")
    np.testing.assert_array_equal(elsewhere.load(name), COURSE)
    assert not elsewhere.has("never done")


def test_packing_twice_gives_the_same_file(tmp_path):
    kept = Kept(tmp_path, tmp_path / "courses.tar.xz")
    kept.save("a.npy", COURSE)
    kept.pack(["a.npy"])
    first = kept.archive.read_bytes()
    again = Kept(tmp_path / "empty", kept.archive)
    again.pack(["a.npy"])
    assert again.archive.read_bytes() == first
