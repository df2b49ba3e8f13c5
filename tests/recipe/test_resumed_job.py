"""A run killed again and again leaves the files of one that never was."""

import csv
import json
import os

import keras
import numpy as np
import pytest

from kerasrecipes.recipe import EpochDone, JobOptions, job, resume_job, run_directory, run_job
from tests.cli.command import RUN_FILES
from tests.cli.finished_runs import finished

TIMES = ("seconds", "resumed")


class Killed(BaseException):
    """Nothing that any code here handles."""


def dying(*_, **__):
    raise Killed


def at_epoch(number):
    def progress(event):
        if isinstance(event, EpochDone) and event.epoch == number:
            raise Killed

    return progress


@pytest.fixture(scope="module")
def resumed(tmp_path_factory):
    """The run of `finished("numbers")`, killed in training, in writing, and between its files."""
    whole, directory = finished("numbers"), tmp_path_factory.mktemp("killed") / "run"
    options = JobOptions(str(whole.data), target_error=1.0, budget_minutes=5.0, out=str(directory))
    with pytest.raises(Killed):
        run_job(options, at_epoch(3))
    with pytest.raises(Killed):
        resume_job(directory, at_epoch(9))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "write", dying)  # the report
        with pytest.raises(Killed):
            resume_job(directory)
    put, left = run_directory.put_in_place, [3]

    def third(*arguments):
        left[0] -= 1
        return put(*arguments) if left[0] else dying()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_directory, "put_in_place", third)
        with pytest.raises(Killed):
            resume_job(directory)
    (directory / ".unfinished-of-a-killed-process").mkdir()
    return whole, resume_job(directory)


def result_of(directory):
    result = json.loads((directory / "result.json").read_text(encoding="utf-8"))
    for step in result["steps"]:
        del step["seconds"]
    return {name: value for name, value in result.items() if name not in (*TIMES, "data")}


def test_the_files_are_there_and_nothing_else(resumed):
    assert sorted(os.listdir(resumed[1].directory)) == list(RUN_FILES)


def test_the_numbers_are_the_same(resumed):
    whole, again = resumed
    assert result_of(again.directory) == result_of(whole.directory)
    for name in ("history.csv", "encoding.json"):
        assert (again.directory / name).read_bytes() == (whole.directory / name).read_bytes()


def test_the_weights_of_the_saved_model_are_the_same(resumed):
    directories = [each.directory for each in resumed]
    models = [keras.saving.load_model(each / "model.keras") for each in directories]
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_report_shows_the_whole_run_and_says_how_often_it_was_resumed(resumed):
    job = resumed[1]
    page = (job.directory / "report.html").read_text(encoding="utf-8")
    assert len(job.result["resumed"]) == 4
    assert "Resumed 4 times, on 20" in page
    with (job.directory / "history.csv").open(newline="", encoding="utf-8") as file:
        assert next(csv.DictReader(file))["epoch"] == "1"


def test_the_page_of_a_run_that_was_never_resumed_says_nothing_of_it():
    assert "Resumed" not in (finished("numbers").directory / "report.html").read_text("utf-8")
