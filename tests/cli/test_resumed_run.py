"""`kerasrecipes run --resume`: what it refuses, and real processes killed."""

import json
import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasrecipes.checkpoints import DirectoryLock
from kerasrecipes.checkpoints.preemption import Preempted
from kerasrecipes.recipe import JobOptions, UnfinishedRun
from tests.cli.command import RUN_FILES, call, refusal, snapshot
from tests.cli.finished_runs import ONE_EPOCH, ONE_TRAINING, finished

ROWS = "a,b,y\n" + "".join(f"{i % 7},{i % 5},{'yn'[i % 3 == 0]}\n" for i in range(60))
RUN = "kerasrecipes run --resume run"


@pytest.fixture
def unfinished(tmp_path, monkeypatch):
    """A folder with `a.csv` and an unfinished run on it in `run`."""
    (tmp_path / "a.csv").write_text(ROWS)
    monkeypatch.chdir(tmp_path)
    with UnfinishedRun("run") as run:
        run.begin(JobOptions("a.csv", out="run", seed=3, target_error=1.0, budget_minutes=5.0))
    return tmp_path


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--seed", "4"), "begun with --seed 3, and not with --seed 4: leave that out"),
        (("b.csv",), "begun on `a.csv`, and not on `b.csv`: leave that out"),
        (("--target", "y"), "begun without --target, and not with --target y"),
        (("--target-error", "0.5"), "with --target-error 1.0, and not with --target-error 0.5"),
        (("--human-error", "0.1"), "begun with --human-error 0.0, and not with --human-error 0.1"),
        (("--out", "other"), "begun with --out run, and not with --out other"),
        (("--restart",), "--resume goes on with a run and --restart gives it up: choose one."),
    ],
)
def test_what_is_not_as_before_is_named(given, words, unfinished):
    assert words in refusal("run", *given, "--resume", "run", directory=unfinished)


@pytest.mark.parametrize("name", ["nosuch", "."])
def test_a_directory_without_a_run_is_refused(name, tmp_path):
    words = f"`{name}` holds no run to go on with"
    assert words in refusal("run", "--resume", name, directory=tmp_path)


def test_a_run_that_is_not_finished_is_not_replaced_unasked(unfinished):
    line = refusal("run", "a.csv", "-q", "--out", "run", directory=unfinished)
    assert line == (
        "error: `run` holds a run that is not finished: go on with it by "
        f"`{RUN}`, or begin anew with --restart.\n"
    )


def test_restart_gives_it_up(unfinished):
    options = ("--out", "run", "--restart", "-q", *ONE_EPOCH)
    assert call("run", "a.csv", *options, directory=unfinished).status == 0
    assert sorted(path.name for path in (unfinished / "run").iterdir()) == list(RUN_FILES)
    assert json.loads((unfinished / "run" / "result.json").read_text())["seed"] == 0


def test_a_run_that_another_process_is_at_is_refused_by_its_name(unfinished):
    with DirectoryLock(unfinished / "run" / ".progress"):
        line = refusal("run", "--resume", "run", "-q", directory=unfinished)
    assert f"`run` is in use: this process itself, process {os.getpid()} on" in line


def test_a_changed_file_is_refused(unfinished, monkeypatch):
    def leave(*_, **__):
        raise Preempted

    with monkeypatch.context() as patch:
        patch.setattr("kerasrecipes.recipe.basic_recipe.Loop", leave)
        assert call("run", "--resume", "run", "-q").status == 75
    (unfinished / "a.csv").write_text(ROWS.replace("6,1", "6,2"))
    outcome = call("run", "--resume", "run", "-q")
    assert outcome.status == 2
    assert "holds the trainings of another recipe: data " in outcome.err


def test_a_finished_run_is_left_as_it_is():
    directory = finished("numbers").directory
    before = snapshot(directory)
    outcome = call("run", "--resume", directory)
    assert outcome.status == 0
    assert outcome.out.splitlines()[-1] == (
        f"the run in `{directory}` is finished: nothing is left to do, and nothing was changed."
    )
    assert snapshot(directory) == before


def take_signals():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def begin(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "kerasrecipes", "run", *arguments],
        cwd=folder,
        env={**os.environ, "KERAS_BACKEND": keras.backend.backend(), "PYTHONPATH": os.getcwd()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=take_signals,
    )


def until(process, sign):
    for line in process.stdout:
        if line.startswith(sign):
            return
    pytest.fail(process.stderr.read())


def test_real_processes_killed_and_asked_to_end_leave_what_one_alone_does(tmp_path):
    whole = finished("numbers")
    process = begin(tmp_path, str(whole.data), "--out", "run", *ONE_TRAINING)
    until(process, "1. ")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=900)
    assert process.returncode == 75, (out, err)
    assert "Traceback" not in err
    assert out.strip().splitlines()[-1] == f"not finished; to go on: {RUN}"
    process = begin(tmp_path, "--resume", "run")
    until(process, "1. ")
    process.kill()
    process.communicate()
    assert (tmp_path / "run" / ".progress").is_dir()
    outcome = call("run", "--resume", tmp_path / "run", "-q")
    assert outcome.status == 0, outcome
    assert sorted(os.listdir(tmp_path / "run")) == list(RUN_FILES)
    models = [
        keras.saving.load_model(directory / "model.keras")
        for directory in (whole.directory, tmp_path / "run")
    ]
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(one, other)
