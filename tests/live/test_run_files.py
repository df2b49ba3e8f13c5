"""The files of a run directory: whole, private where they must be, and never in the way."""

import csv
import json
import os
import stat
import time

import pytest

from kerasrecipes.live.nudge import Nudge, read_nudges
from kerasrecipes.live.run_files import RunFiles

NUDGE = Nudge(3, 0, "2026-01-01T00:00:00+00:00", "pause")


def written(directory, *, goes_on=False, run="a", state=None, sink=None):
    files = RunFiles(
        directory, lambda: state or {"status": "finished"}, sink or (lambda line: None)
    )
    files.begin(goes_on=goes_on, run=run, address="http://127.0.0.1:1/?token=t")
    files.rows += [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25, "nudges": "a, b"}]
    files.put_nudges([NUDGE])
    return files


def test_all_is_there_in_the_end_but_the_address(tmp_path):
    written(tmp_path / "runs" / "a").end()
    run = tmp_path / "runs" / "a"
    assert sorted(os.listdir(run)) == ["history.csv", "nudges.json", "state.json"]
    assert json.loads((run / "state.json").read_text()) == {"status": "finished"}
    assert read_nudges(run / "nudges.json") == (NUDGE,)
    rows = list(csv.DictReader((run / "history.csv").open()))
    assert rows[1] == {"epoch": "2", "loss": "0.25", "nudges": "a, b"}
    assert rows[0]["nudges"] == ""


def test_while_it_runs_the_address_is_there_for_its_owner_alone(tmp_path):
    files = written(tmp_path)
    live = tmp_path / "live.json"
    while not live.exists():
        time.sleep(0.001)
    told = json.loads(live.read_text())
    assert (told["pid"], told["address"]) == (os.getpid(), "http://127.0.0.1:1/?token=t")
    assert stat.S_IMODE(live.stat().st_mode) == 0o600
    files.end()
    assert not live.exists()


@pytest.mark.parametrize(("goes_on", "moved"), [(False, ["earlier"]), (True, [])])
def test_files_of_an_earlier_run_are_kept(goes_on, moved, tmp_path):
    written(tmp_path).end()
    written(tmp_path, goes_on=goes_on).end()
    assert [name for name in os.listdir(tmp_path) if name.startswith("earlier")] == moved
    if moved:
        assert read_nudges(tmp_path / "earlier" / "nudges.json") == (NUDGE,)


def test_a_directory_that_cannot_be_made_is_said_once_and_stops_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = []
    files = written(tmp_path / "file" / "run", sink=said.append)
    files.put_nudges([NUDGE])
    files.end()
    assert len(said) == 1
    assert said[0].startswith("warning: ")
    assert "training goes on" in said[0]


def test_what_could_not_be_begun_is_begun_later(tmp_path):
    (tmp_path / "run").write_text("in the way")
    files = written(tmp_path / "run")
    while files._todo:
        pass
    (tmp_path / "run").unlink()
    files.end()
    assert (tmp_path / "run" / "state.json").exists()


def test_writing_takes_a_small_share_of_the_time(tmp_path):
    files = written(tmp_path)
    files.end()
    before = (tmp_path / "state.json").stat().st_mtime_ns
    files.put_state()
    assert not files._todo
    assert (tmp_path / "state.json").stat().st_mtime_ns == before


def test_one_that_was_broken_off_leaves_the_directory_to_the_next(tmp_path):
    old = written(tmp_path, run="old", state={"status": "failed"})
    while old._todo:
        time.sleep(0.001)
    new = written(tmp_path, run="new", state={"status": "running"})
    while new._todo:
        time.sleep(0.001)
    old.end()
    assert json.loads((tmp_path / "live.json").read_text())["run"] == "new"
    assert json.loads((tmp_path / "state.json").read_text())["status"] == "running"
    new.end()
