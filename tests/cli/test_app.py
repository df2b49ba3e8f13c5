"""How the commands answer, refuse and end, whatever they do in between."""

import subprocess
import sys

import pandas
import pytest

from tests.cli.command import call, refusal

COMMANDS = (
    "run",
    "predict",
    "check-gradients",
    "diagnose",
    "watch",
    "recipes",
    "recipe",
    "notebook",
)
HELP = """
import contextlib, io, sys, time
began = time.process_time()
sys.argv = ["kerasrecipes", *sys.argv[1:]]
from kerasrecipes_cli import main
with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
    main()
seconds = time.process_time() - began
heavy = {"keras", "tensorflow", "jax", "numpy", "pandas", "sklearn", "kerasrecipes"}
print(len(out.getvalue()), sorted(heavy & set(sys.modules)), f"{seconds:.3f}")
"""


def test_help_names_every_command_and_the_exit_status():
    outcome = call("--help")
    assert outcome.status == 0
    for command in COMMANDS:
        assert f" {command} " in outcome.out
    assert "Exit status: 0 all is well, 1 a check failed, 2 bad input" in outcome.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_shows_its_usage(command):
    outcome = call(command, "--help")
    assert outcome.status == 0
    assert outcome.out.strip().startswith(f"Usage: kerasrecipes {command}")


def test_help_of_run_names_its_options_and_its_files():
    text = " ".join(call("run", "--help").out.split())
    for word in (
        *("--target", "--human-error", "--target-error", "--budget-minutes", "--out", "--seed"),
        *("--quiet", "digits", ".parquet", "report.html", "result.json", "runs/DATA-TIME"),
    ):
        assert word in text


def test_nothing_asked_for_shows_the_help():
    outcome = call()
    assert "Usage: kerasrecipes" in outcome.out + outcome.err


def test_help_answers_without_loading_keras_and_at_once():
    seconds = []
    for arguments in (["--help"], ["run", "--help"], ["recipe", "gradient_checking", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", HELP, *arguments], capture_output=True, text=True, check=True
        )
        length, *loaded, worked = done.stdout.split()
        seconds.append(float(worked))  # of the processor: other processes may have the machine
        assert int(length) > 500
        assert loaded == ["[]"]
    assert min(seconds) < 1.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run",), "Missing argument"),
        (("run", "iris", "--nosuch"), "No such option: --nosuch"),
        (("run", "iris", "--target-error", "much"), "'--target-error'"),
        (("check-gradients", "a.keras", "iris", "--examples", "0"), "'--examples'"),
        (("train", "iris"), "No such command 'train'"),
        (("--nosuch", "run", "iris"), "No such option: --nosuch"),
    ],
)
def test_wrong_usage_is_one_line_with_the_way_to_the_help(arguments, words, tmp_path):
    line = refusal(*arguments, directory=tmp_path)
    assert words in line
    assert ": see `kerasrecipes" in line
    assert line.endswith("--help`.\n")


def raising(error):
    def command(**_):
        raise error

    return command


@pytest.mark.parametrize(
    "bug", [TypeError("None + 1"), ValueError("oh"), KeyError("x"), pandas.errors.DataError("oh")]
)
def test_a_bug_is_not_told_as_bad_input(bug, monkeypatch):
    monkeypatch.setattr("kerasrecipes_cli.run.run_command", raising(bug))
    with pytest.raises(type(bug)) as raised:
        call("run", "iris")
    assert raised.value is bug


def test_a_data_error_is_one_line_whatever_is_in_it(monkeypatch, tmp_path):
    from kerasrecipes.data import DataError

    error = DataError("column `a\nb` is empty:\n  fill it in.")
    monkeypatch.setattr("kerasrecipes_cli.run.run_command", raising(error))
    line = refusal("run", "iris", directory=tmp_path)
    assert line == "error: column `a b` is empty: fill it in.\n"


@pytest.mark.parametrize(
    ("place", "arguments"),
    [
        ("run.run_command", ("run", "iris")),
        ("predict.predict_command", ("predict", "runs/x", "iris")),
    ],
)
def test_ctrl_c_ends_with_one_line_and_status_2(place, arguments, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"kerasrecipes_cli.{place}", interrupted)
    outcome = call(*arguments)
    assert outcome.status == 2
    assert outcome.err == "interrupted: nothing was finished, and nothing was written.\n"
