"""The same search with its workers as Ray tasks, one of which dies."""

import os
from pathlib import Path

import pytest

from kerasrecipes.tuning import launch_workers

ROOT = str(Path(__file__).resolve().parents[3])
SCRIPT = """
import os, pathlib, signal, sys
import keras_tuner as kt

class Valley(kt.engine.base_tuner.BaseTuner):
    def run_trial(self, trial):
        mark = pathlib.Path(sys.argv[1], "killed")
        if trial.trial_id == "2" and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return (trial.hyperparameters.Float("x", 0, 1) - 0.3) ** 2

space = kt.HyperParameters()
space.Float("x", 0, 1)
oracle = kt.oracles.RandomSearchOracle(
    kt.Objective("default_objective", "min"), max_trials=6, hyperparameters=space, seed=3
)
Valley(oracle, directory=sys.argv[1], project_name="search").search()
"""


def test_two_ray_workers_run_every_trial_once(tmp_path, monkeypatch):
    ray = pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    (tmp_path / "script.py").write_text(SCRIPT)
    ray.init(
        address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=40
    )
    try:
        found = launch_workers(
            2,
            tmp_path / "script.py",
            (str(tmp_path),),
            runner="ray",
            logs=tmp_path / "logs",
            deadline_seconds=10,
        )
    finally:
        ray.shutdown()
    assert (tmp_path / "killed").exists()
    assert [row.status for row in found.trials] == ["COMPLETED"] * 6
    assert found.restarts == 1
    assert found.best.score == min(row.score for row in found.trials)


def test_a_missing_ray_is_named_with_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    (tmp_path / "script.py").write_text("")
    with pytest.raises(ImportError, match=r"pip install kerasrecipes\[ray\]"):
        launch_workers(1, tmp_path / "script.py", runner="ray", logs=tmp_path / "logs")
