"""`kerasrecipes run`: what it refuses, and how it ends."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasrecipes.recipe import StepStarted, job
from kerasrecipes_cli.display import Display
from tests.cli.command import RUN_FILES, call, refusal, snapshot
from tests.cli.finished_runs import LABELS, ONE_EPOCH, ONE_TRAINING, finished, table

ROWS = "a,b,y\n" + "".join(f"{i % 7},{i % 5},{'yn'[i % 2]}\n" for i in range(600))
X, Y = np.arange(120.0).reshape(40, 3), np.arange(40) % 2
NAN, INFINITE = np.where(X == 7, np.nan, X), np.where(X == 7, np.inf, X)


def text(content):
    return lambda path: path.write_text(content)


def arrays(**named):
    return lambda path: np.savez(path, **named)


def pickled(path):
    np.savez(path, x=X, y=np.array(["a", 1] * 20, dtype=object))


BAD_DATA = {
    "missing file": ("a.csv", None, "there is no file `a.csv`. Check the path."),
    "misspelt name": ("digit", None, "`digit` is no data set known by name: did you mean `digits`"),
    "unknown name": ("nosuch", None, "known are digits, breast_cancer, wine, diabetes, iris,"),
    "a directory": (".", None, "`.` is a directory: give one .csv, .npz or .parquet file in it."),
    "unknown ending": ("a.txt", text(ROWS), "`a.txt` has the ending .txt, and only .csv, .npz or"),
    "empty": ("a.csv", text(""), "`a.csv` is empty: write a line of column names"),
    "only a header": ("a.csv", text("a,b,y\n"), "`a.csv` has column names but no rows: add"),
    "no CSV": ("a.csv", text("\x7fELF\x00\x01\x02\x00" * 9), "`a.csv`"),
    "no Parquet": ("a.parquet", text(ROWS), "`a.parquet` is not a Parquet table"),
    "no archive": ("a.npz", text(ROWS), "`a.npz` is not a sound .npz file"),
    "single class": (
        "a.csv",
        text(ROWS.replace(",n\n", ",y\n")),
        "`y` holds a single class (y) in all 600 rows: there is nothing to tell apart.",
    ),
    "constant number": ("a.npz", arrays(x=X, y=Y * 0 + 0.5), "`y` is 0.5 in all 40 rows"),
    "2 rows": ("a.csv", text("a,y\n1,u\n2,v\n"), "2 rows are fewer than the 3 parts to fill"),
    "no value in a column": (
        "a.csv",
        text("a,b,y\n" + "1,,u\n2,,v\n" * 20),
        "column `b` of `a.csv` holds no value in any of 40 rows: nothing can be learned",
    ),
    "too few rows": ("a.csv", text("a,y\n" + "1,u\n2,v\n3,u\n"), "3 rows are too few: train, dev"),
    "constant columns": ("a.csv", text("a,y\n" + "1,u\n1,v\n" * 20), "none of the 1 columns is of"),
    "NaN": ("a.npz", arrays(x=NAN, y=Y), "`x` holds a value that is not finite: nan at index (2,"),
    "infinity": ("a.npz", arrays(x=INFINITE, y=Y), "not finite: inf at index (2, 1)"),
    "NaN target": ("a.npz", arrays(x=X, y=NAN[:, 1]), "`y` holds a value that is not finite: nan"),
    "different lengths": ("a.npz", arrays(x=X, y=Y[:30]), "`x` of `a.npz` has 40 rows and `y`"),
    "no targets": ("a.npz", arrays(x=X), "`a.npz` holds inputs `x` but no targets: add an array"),
    "labels of two types": ("a.npz", pickled, "`y` of `a.npz` holds Python objects"),
    "labels of a wrong shape": ("a.npz", arrays(x=X, y=X), "`y` has shape (40, 3), which is"),
    "wrong rank": ("a.npz", arrays(x=np.ones((9, 2, 2, 2, 2)), y=Y[:9]), "shape (9, 2, 2, 2, 2)"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data_is_refused_in_one_line(case, tmp_path):
    name, write, words = BAD_DATA[case]
    if write is not None:
        write(tmp_path / name)
    assert words in refusal("run", name, "--quiet", directory=tmp_path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--target", "yy"), "`a.csv` has no column `yy` to predict: choose one of its columns y,"),
        (("--human-error", "-0.1"), "--human-error must be a fraction from 0 to 1, and is -0.1"),
        (("--seed", "-1"), "--seed must lie in 0 to 2147483647, and is -1"),
        (("--human-error", "3"), "from 0 to 1, and is 3: write 3 % as 0.03."),
        (("--human-error", "nan"), "--human-error must be a fraction from 0 to 1, and is nan"),
        (("--target-error", "-1"), "--target-error must be a fraction from 0 to 1, and is -1"),
        (("--target-error", "1.01"), "--target-error must be a fraction from 0 to 1, and is 1.01"),
        (("--budget-minutes", "0"), "--budget-minutes must be above 0, and is 0."),
        (("--budget-minutes", "-2"), "--budget-minutes must be above 0, and is -2."),
        (("--budget-minutes", "inf"), "--budget-minutes must be above 0, and is inf."),
        (("--task", "cluster"), "--task must be classification or regression (or auto), and is"),
        (("--task", "regression"), "`y` holds text labels such as y, which are no numbers"),
    ],
)  # fmt: skip
def test_a_bad_option_is_refused_in_one_line(options, words, tmp_path):
    (tmp_path / "a.csv").write_text(ROWS)
    assert words in refusal("run", "a.csv", *options, directory=tmp_path)


def test_markup_in_the_path_is_shown_as_it_is(tmp_path):
    (tmp_path / "q[").mkdir()
    (tmp_path / "q[" / "b].csv").write_text("a,y\n1,u\n2,v\n3,u\n")
    assert "rows are too few" in refusal("run", "q[/b].csv", directory=tmp_path)


def test_a_target_column_of_a_data_set_without_columns_is_refused(tmp_path):
    line = refusal("run", "iris", "--target", "species", directory=tmp_path)
    assert "`target` chooses a column of a table, and `iris` is none: leave it out." in line


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("a.csv/run", "Not a directory"),
        ("a.csv", "Not a directory"),
        pytest.param(
            "/proc/run",
            "No such file or directory",
            marks=pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="no /proc here"),
        ),
    ],
)
def test_a_directory_that_cannot_be_written_is_refused_before_the_work(
    out, reason, tmp_path, monkeypatch
):
    (tmp_path / "a.csv").write_text(ROWS)
    monkeypatch.setattr(job, "_walk", lambda *_: pytest.fail("the work had begun"))
    line = refusal("run", "a.csv", "--quiet", "--out", out, directory=tmp_path)
    assert line == (
        f"error: `{out}` cannot be written to ({reason}): choose another directory with --out.\n"
    )


def test_a_full_disk_is_refused_before_the_work(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text(ROWS)
    usage = shutil.disk_usage(tmp_path)._replace(free=3 * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    line = refusal("run", "a.csv", "--quiet", "--out", "new/run", directory=tmp_path)
    assert "the disk of `new/run` has 3 MiB free, and a run needs 50: free some" in line


@pytest.mark.parametrize("largest", [4_000, 30_000], ids=["model", "report"])
def test_what_was_trained_is_kept_where_a_file_cannot_be_written(largest, tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text(ROWS)
    complete = job._write

    def write(*arguments):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
        try:
            complete(*arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    monkeypatch.setattr(job, "_write", write)
    options = ("--quiet", "--out", "new/run", *ONE_EPOCH)
    outcome = call("run", "a.csv", *options, directory=tmp_path)
    assert outcome.status == 2
    assert outcome.err == (
        "error: `new/run` could not be written (File too large): what was trained is kept. Free "
        "some space, then go on with `kerasrecipes run --resume new/run`.\n"
    )
    assert [path.name for path in (tmp_path / "new" / "run").iterdir()] == [".progress"]
    monkeypatch.setattr(job, "_write", complete)
    assert call("run", "--resume", "new/run", "-q", directory=tmp_path).status == 0
    assert sorted(file.name for file in (tmp_path / "new" / "run").iterdir()) == list(RUN_FILES)


def test_a_finished_run_says_what_it_found_and_where():
    run = finished("table")
    result = json.loads((run.directory / "result.json").read_text())
    assert run.outcome.err == ""
    last = run.outcome.out.strip().splitlines()[-4:]
    assert last[0].startswith(f"test error {result['test_error']:.2%}, 95 % interval")
    assert result["verdict"] in last[1]
    assert result["advice"][0] in last[1]
    assert last[2].startswith(f"ended because {result['stop_reason']}")
    assert last[3] == "report: deep/run/report.html"


def test_a_run_tells_each_decision_with_its_evidence():
    out = finished("table").outcome.out
    assert "`label` is taken as the target, for its name." in out
    assert "split: train 360, dev 120, test 120." in out
    assert "column `name` has a different text in every row, like a name: left out." in out
    assert "gradient check" in out
    assert "\n1. " in out
    assert "train error" in out


def test_quiet_prints_the_result_alone_and_the_same_seed_gives_the_same(tmp_path):
    first = finished("numbers")
    again = call("run", first.data, "--out", tmp_path / "run", "--quiet", *ONE_TRAINING)
    assert again.status == 0
    assert again.err == ""
    assert len(again.out.strip().splitlines()) == 4
    one, two = (
        json.loads((run / "result.json").read_text()) for run in (first.directory, tmp_path / "run")
    )
    for name in ("test_error", "test_error_interval", "train_error", "dev_error", "verdict"):
        assert one[name] == two[name]


def test_without_out_the_files_lie_in_runs_by_data_and_time(tmp_path):
    (tmp_path / "my data.csv").write_text(ROWS)
    assert call("run", "my data.csv", "-q", *ONE_EPOCH, directory=tmp_path).status == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name.startswith("my data-20")
    assert sorted(file.name for file in run.iterdir()) == list(RUN_FILES)


def interrupting(at):
    """Shows nothing, and is interrupted when the training with this number begins."""

    def show(self, event):
        if isinstance(event, StepStarted) and event.number == at:
            raise KeyboardInterrupt

    return show


def test_ctrl_c_before_there_is_a_model_writes_nothing(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text(ROWS)
    before = snapshot(tmp_path)
    monkeypatch.setattr(Display, "__call__", interrupting(at=1))
    outcome = call("run", "a.csv", "--out", "new/run", directory=tmp_path)
    assert outcome.status == 2
    assert outcome.err == "interrupted: nothing was finished, and nothing was written.\n"
    assert snapshot(tmp_path) == before


def test_ctrl_c_in_the_middle_saves_the_best_model_so_far(tmp_path, monkeypatch):
    table().to_csv(tmp_path / "a.csv", index=False)
    monkeypatch.setattr(Display, "__call__", interrupting(at=2))
    outcome = call("run", "a.csv", "--out", "run", directory=tmp_path)
    assert outcome.status == 2
    assert outcome.out.strip().splitlines()[-2:] == [
        "interrupted: the best model so far was saved.",
        "not finished; to go on: kerasrecipes run --resume run",
    ]
    files = sorted(file.name for file in (tmp_path / "run").iterdir())
    assert files == [".progress", *RUN_FILES]
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["interrupted"] is True
    assert result["stop_reason"] == "it was interrupted"
    assert len(result["steps"]) == 1
    assert call("predict", tmp_path / "run", tmp_path / "a.csv").status == 0


def take_interrupts():
    """In a shell's background a process is born deaf to SIGINT, and so are its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("sign", "files"), [("split: ", ()), ("2. ", RUN_FILES)], ids=["early", "in the middle"]
)
def test_a_signal_ends_a_real_process_the_same_way(sign, files, tmp_path):
    table().to_csv(tmp_path / "a.csv", index=False)
    command = ["-m", "kerasrecipes", "run", "a.csv", "--out", "run", "--budget-minutes", "5"]
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=tmp_path,
        env={**os.environ, "KERAS_BACKEND": keras.backend.backend(), "PYTHONPATH": os.getcwd()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=take_interrupts,
    )
    for line in process.stdout:
        if line.startswith(sign):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=900)
    assert process.returncode == 2, (out, err)
    assert "Traceback" not in err
    assert "interrupted: " in (out if files else err)
    run = tmp_path / "run"
    written = sorted(path.name for path in run.iterdir()) if run.exists() else []
    assert written == ([".progress", *files] if files else [])


def test_labels_that_are_markup_survive_the_run():
    result = json.loads((finished("table").directory / "encoding.json").read_text())
    assert tuple(result["target"]["classes"]) == tuple(sorted(LABELS))
