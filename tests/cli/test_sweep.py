"""`kerasrecipes sweep`: 0 a best one was found, 1 none was, 2 where it cannot begin."""

import io
import json

import pytest
from rich.console import Console

from kerasrecipes import tuning
from kerasrecipes.tuning.distributed.errors import SearchFailedError, StoreError
from kerasrecipes.tuning.distributed.results import SweepResult, TrialRow
from kerasrecipes.tuning.distributed.sweep import MemberState, SweepState
from kerasrecipes_cli.sweep_display import SweepDisplay
from tests.cli.command import call, refusal

BEST = TrialRow("1", "COMPLETED", 0.25, {"rate": 0.125, "units": 32}, None)
WORSE = TrialRow("0", "COMPLETED", 0.5, {"rate": 0.5, "units": 16}, None)
FAILED = TrialRow("2", "FAILED", None, {"rate": 9.0, "units": 16}, "ValueError: [too] wide")
RUNS = TrialRow("3", "RUNNING", None, {"rate": 0.1, "units": 16}, None)


def state(*rows):
    members = (
        MemberState("chief", (), "serving", 1, 10),
        MemberState("tuner0", ("3",), "running", 0, 11),
    )
    return SweepState(members, rows, BEST if BEST in rows else None, "val_loss", 4, 12.3)


@pytest.fixture
def launched(monkeypatch, tmp_path):
    """A stand-in for `launch_workers`, which finds what it is told to, and notes its arguments."""

    class Launched:
        rows = (WORSE, BEST, FAILED)
        error = None

        def __call__(self, n, script, arguments, *, watch, **options):
            self.asked = n, script, list(arguments), options
            watch(state(WORSE, BEST, FAILED, RUNS))
            if self.error:
                raise self.error
            return SweepResult("runs/search", "val_loss", "min", self.rows, 2, 61.0)

    (tmp_path / "a.py").write_text("")
    stand_in = Launched()
    monkeypatch.setattr(tuning, "launch_workers", stand_in)
    return stand_in


def test_the_best_hyperparameters_are_printed_last(launched, tmp_path):
    outcome = call("sweep", "a.py", "--workers", 3, directory=tmp_path)
    assert outcome.status == 0
    assert outcome.out.splitlines() == [
        "trial 2 failed: ValueError: [too] wide",
        "2 trials completed, 1 failed, in 61 s, 2 restarts: runs/search",
        "best: trial 1, val_loss 0.25",
        "  rate = 0.125",
        "  units = 32",
    ]
    assert outcome.err.splitlines()[:2] == ["trial 0: val_loss 0.5", "trial 1: val_loss 0.25"]


def test_json_is_printed_and_nothing_else(launched, tmp_path):
    outcome = call("sweep", "a.py", "--json", directory=tmp_path)
    assert (outcome.status, outcome.err) == (0, "")
    found = json.loads(outcome.out)
    assert found["best"]["hyperparameters"] == {"rate": 0.125, "units": 32}
    assert [row["status"] for row in found["trials"]] == ["COMPLETED", "COMPLETED", "FAILED"]
    assert (found["restarts"], found["direction"]) == (2, "min")


def test_options_and_arguments_of_the_script_are_handed_on(launched, tmp_path):
    given = ("--workers", 3, "--ray", "--deadline", 7, "--port", 4000, "--logs", "l")
    call("sweep", "a.py", "data", *given, "--", "--workers", 9, directory=tmp_path)
    options = {"runner": "ray", "deadline_seconds": 7.0, "port": 4000, "logs": "l"}
    assert launched.asked == (3, "a.py", ["data", "--workers", "9"], options)


def test_a_sweep_without_a_completed_trial_has_status_1(launched, tmp_path):
    launched.rows = (FAILED,)
    outcome = call("sweep", "a.py", directory=tmp_path)
    assert outcome.status == 1
    assert "no trial was completed" in outcome.out


def test_a_search_that_failed_is_one_line_and_status_1(launched, tmp_path):
    launched.error = SearchFailedError("too many\nfailures")
    outcome = call("sweep", "a.py", "--json", directory=tmp_path)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == "failed: too many failures\n"


def test_an_interrupted_sweep_says_that_it_goes_on(launched, tmp_path):
    launched.error = KeyboardInterrupt()
    outcome = call("sweep", "a.py", directory=tmp_path)
    assert outcome.status == 2
    assert outcome.err.endswith("interrupted: 3 trials are saved; the same command goes on.\n")


def test_logs_that_cannot_be_written_are_refused(launched, tmp_path):
    launched.error = StoreError("`logs` cannot be written")
    outcome = call("sweep", "a.py", "--json", directory=tmp_path)
    assert (outcome.status, outcome.err) == (2, "error: `logs` cannot be written\n")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["no_such.py"], "`no_such.py` does not exist"),
        (["a.py", "--workers", "-1"], "--workers"),
        (["a.py", "--worker", "3"], "No such option: --worker"),
        (["a.py", "--deadline", "0"], "--deadline must be above 0, and is 0"),
        (["a.py", "--port", "0"], "--port"),
        (["a.py", "--ray"], "--ray needs --workers"),
    ],
)
def test_what_cannot_be_used_is_refused(given, message, tmp_path):
    (tmp_path / "a.py").write_text("")
    assert message in refusal("sweep", *given, directory=tmp_path)


def test_the_terminal_shows_who_runs_what_and_the_best_so_far():
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=80, color_system=None)
    with SweepDisplay(console=console) as display:
        display.show(state(WORSE, BEST, FAILED, RUNS))
    shown = written.getvalue()
    for line in ("chief", "serving", "tuner0  3", "running"):
        assert line in shown
    assert "3 of 4 trials, 1 failed in 12 s" in shown
    assert "best so far: trial 1, val_loss 0.25" in shown
    assert display.ended == 3
