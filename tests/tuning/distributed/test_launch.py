"""Chief, workers and the sweep itself are killed, and no trial is lost or run twice."""

import os
import sys
from pathlib import Path

import pytest

from kerasrecipes.tuning import launch_workers
from kerasrecipes.tuning.distributed import members, run_script, uninstall
from kerasrecipes.tuning.distributed.errors import SweepError

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

import sweep_chaos

LIGHT = sweep_chaos.SCRIPTS / "light.py"
ROOT = str(Path(__file__).resolve().parents[3])


@pytest.fixture(autouse=True)
def processes(monkeypatch):
    """Processes of these tests find this checkout, and start soon."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("KERAS_BACKEND", "jax")


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The scores of the undisturbed search, in the same file as the oracle's draws."""
    import keras_tuner as kt

    space = kt.HyperParameters()
    for name in "xy":
        space.Float(name, -1, 1)
    oracle = kt.oracles.RandomSearchOracle("loss", max_trials=8, seed=7, hyperparameters=space)
    points = [oracle._random_values() for _ in range(8)]
    return {str(i): (p["x"] - 0.3) ** 2 + (p["y"] + 0.2) ** 2 for i, p in enumerate(points)}


def test_kills_of_workers_and_chief_lose_nothing(expected, tmp_path):
    options = sweep_chaos.parsed(["--trials=8", "--workers=2", "--kill-every=6", "--limit=150"])
    _, killed = sweep_chaos.kill_members(LIGHT, tmp_path, ("8", "0.7"), options)
    assert "chief" in killed
    assert len(set(killed)) > 1
    assert sweep_chaos.faults(tmp_path / "search", expected, 0.0) == []


def test_kills_of_the_sweep_lose_nothing(expected, tmp_path, monkeypatch):
    alone = [sys.executable, "-m", "kerasrecipes.tuning.distributed.run_script"]
    monkeypatch.setattr(
        sweep_chaos, "sweep_command", lambda _: alone
    )  # one process a start, not two: half the time
    options = sweep_chaos.parsed(["--trials=8", "--kills=2", "--limit=150", "--pause=0.3"])
    _, kills = sweep_chaos.kill_sweep(LIGHT, tmp_path, ("8", "0.5"), options)
    assert kills == 2
    assert sweep_chaos.faults(tmp_path / "search", expected, 0.0) == []


def script(tmp_path, text):
    file = tmp_path / "script.py"
    file.write_text(text)
    return file


def test_a_script_that_raises_is_told_with_its_error(tmp_path, monkeypatch):
    monkeypatch.setattr(members, "FAILURES", 1)
    broken = script(tmp_path, "raise LookupError('where are my data')")
    with pytest.raises(SweepError, match="LookupError: where are my data"):
        launch_workers(0, broken, logs=tmp_path / "logs")


def test_a_script_without_a_tuner_is_told_so(tmp_path):
    with pytest.raises(SweepError, match="ended without making a tuner"):
        launch_workers(0, script(tmp_path, "print('hello')"), logs=tmp_path / "logs")


def test_an_unwritable_directory_ends_a_script_with_one_line(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "file").write_text("")
    try:
        with pytest.raises(SystemExit, match="2"):
            run_script.main([str(LIGHT), str(tmp_path / "file"), "2", "0"])
    finally:
        uninstall()
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(
        f"error: the search's directory `{tmp_path}/file/search` cannot be written"
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n": -1}, "`n` must be >= 0"),
        ({"script": "no_such.py"}, r"`script` must .* Received: script=no_such.py"),
        ({"runner": "dask"}, "`runner` must be one of .* Received: runner=dask"),
        ({"port": 0}, r"`port` must lie in \[1, 65535\]. Received: port=0"),
        ({"deadline_seconds": 0.0}, "`deadline_seconds` must be > 0"),
    ],
)
def test_arguments_out_of_range_are_refused_before_anything_starts(changed, message, tmp_path):
    arguments = {"n": 1, "script": str(LIGHT), "logs": tmp_path / "logs"} | changed
    with pytest.raises(ValueError, match=message):
        launch_workers(arguments.pop("n"), arguments.pop("script"), **arguments)
    assert not (tmp_path / "logs").exists()
