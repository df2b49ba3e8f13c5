"""What a run keeps below its directory while it is not finished."""

import os
from dataclasses import replace

import pytest

from kerasrecipes.checkpoints.preemption import Preempted
from kerasrecipes.data import DataError
from kerasrecipes.recipe import JobOptions, UnfinishedRun

OPTIONS = JobOptions("a.csv", target="y", seed=3)


def begun(directory):
    run = UnfinishedRun(directory)
    with run:
        run.begin(OPTIONS)
    return run


def trained(run):
    """As if a training of it had come to its first checkpoint."""
    (run.journal / "training-001-0" / "fit" / "checkpoint-000000001").mkdir(parents=True)


def test_what_it_was_asked_for_comes_back(tmp_path):
    begun(tmp_path)
    assert UnfinishedRun(tmp_path).options() == OPTIONS
    assert os.listdir(tmp_path) == [".progress"]


def test_nothing_stays_of_a_run_that_is_over(tmp_path):
    with UnfinishedRun(tmp_path) as run:
        run.begin(OPTIONS)
        trained(run)
        run.is_over = True
    assert os.listdir(tmp_path) == []


def fail(directory, error, has_trained):
    with UnfinishedRun(directory) as run:
        run.begin(OPTIONS)
        if has_trained:
            trained(run)
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("has_trained", [False, True])
def test_a_run_that_fails_stays_if_something_was_trained(error, has_trained, tmp_path):
    with pytest.raises(error):
        fail(tmp_path, error, has_trained)
    assert UnfinishedRun(tmp_path).is_there() == has_trained


def preempted(directory):
    with UnfinishedRun(directory) as run:
        run.begin(OPTIONS)
        run.preemption.asked = True
        run.leave_if_asked()


def test_a_run_that_is_to_be_started_again_stays_whatever_was_trained(tmp_path):
    with pytest.raises(Preempted):
        preempted(tmp_path)
    assert UnfinishedRun(tmp_path).is_there()


def test_each_time_it_is_gone_on_with_is_noted(tmp_path):
    begun(tmp_path)
    for _ in range(2):
        run = UnfinishedRun(tmp_path)
        options = run.options()
        with run:
            run.go_on(options)
    run.options()
    assert len(run.resumed) == 2
    assert all(time.startswith("20") for time in run.resumed)


def test_a_new_beginning_forgets_the_trainings(tmp_path):
    trained(begun(tmp_path))
    with UnfinishedRun(tmp_path) as run:
        run.begin(replace(OPTIONS, seed=4))
    assert not run.journal.exists()
    assert UnfinishedRun(tmp_path).options().seed == 4


def test_data_are_found_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "a.csv").write_text("x")
    monkeypatch.chdir(tmp_path)
    begun(tmp_path / "run")
    run = UnfinishedRun(tmp_path / "run")
    assert run.data(run.options()) == "a.csv"
    monkeypatch.chdir(tmp_path / "here")
    assert run.data(run.options()) == str(tmp_path / "a.csv")
    assert run.data(replace(OPTIONS, data="iris")) == "iris"


@pytest.mark.parametrize("name", ["nosuch", "."])
def test_where_there_is_no_run_it_says_what_to_give(name, tmp_path):
    with pytest.raises(DataError, match=r"holds no run to go on with: give the directory of one"):
        UnfinishedRun(tmp_path / name).options()
    assert os.listdir(tmp_path) == []


def test_a_second_process_is_refused_by_the_name_of_the_first(tmp_path):
    match = rf"is in use: .*process {os.getpid()} on .* is at work there"
    with UnfinishedRun(tmp_path), pytest.raises(DataError, match=match), UnfinishedRun(tmp_path):
        pytest.fail("entered")


def test_the_command_can_be_pasted_into_a_shell():
    command = UnfinishedRun("my run").command()
    assert command == "kerasrecipes run --resume 'my run'"
