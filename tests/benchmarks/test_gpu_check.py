"""The comparison of a GPU with the CPU: what it says where there is none, and how it judges."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kerasrecipes import backend

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from gpu_checks.page import Row, lines_of

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def run(*arguments):
    command = [sys.executable, str(BENCHMARKS / "gpu_check.py"), *arguments]
    path = os.pathsep.join([str(BENCHMARKS.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def outcome(seconds=2.0, ok=True, **more):
    return {"seconds": seconds, "ok": ok, "told": "0.01", **more}


def test_devices_that_agree_are_compared_by_the_seconds_of_the_work():
    row = Row(
        "sweep", outcome(9, answer="1", work_seconds=6), outcome(8, answer="1", work_seconds=2)
    )
    assert not row.has_failed
    assert row.ratio == 3
    lines = lines_of([row], ["cpu", "gpu"])
    assert lines[2] == "| sweep | 6.0 s, 0.01 | 2.0 s, 0.01 | 3.00 |"
    assert lines[-1] == "All 1 give the same answers on both."


@pytest.mark.parametrize(
    ("first", "second", "has_failed", "said"),
    [
        (outcome(), outcome(ok=False), True, "Not the same on both: a."),
        (outcome(answer="1"), outcome(answer="2"), True, "Not the same on both: a."),
        (outcome(ok=False), outcome(ok=False), True, "Fails on both: a."),
    ],
)
def test_what_differs_is_said(first, second, has_failed, said):
    row = Row("a", first, second)
    assert row.has_failed is has_failed
    assert lines_of([row], ["cpu", "gpu"])[-1] == said


@pytest.mark.skipif(bool(backend.device_names("gpu")), reason="there is a GPU")
def test_without_a_gpu_one_line_says_so():
    done = run()
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("nothing was measured: there is no GPU that")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--devices", "cpu"], "--devices must be two of cpu and gpu"),
        (["--devices", "cpu,tpu"], "not 'cpu,tpu'"),
        (["--devices", "cpu,cpu", "--only", "nope"], "there is no nope: choose of recipe"),
    ],
)
def test_other_arguments_are_refused_before_anything_is_measured(arguments, said):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_command_measures_on_each_device_and_prints_a_table():
    names = ["gradient check, exact", "recipe gradient_checking"]
    done = run("--devices", "cpu,cpu", "--small", "--only", *names)
    assert done.returncode == 0, done.stdout + done.stderr
    table = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in table[1:]] == [f"| {name}" for name in names]
    assert "its claim holds" in table[2]
    assert done.stdout.splitlines()[-1] == "All 2 give the same answers on both."
