"""The files of a run, from its data to its result."""

import csv
import json
import math

import keras
import numpy as np
import pandas
import pytest

from kerasrecipes.data import read, train_dev_test_split
from kerasrecipes.recipe import JobOptions, RunBegun, Said, load_run, run_job
from kerasrecipes.recipe import job as job_module
from tests.cli.command import RUN_FILES
from tests.cli.finished_runs import LABELS, SIZE, finished

KINDS = ("table", "images", "numbers")
KEYS = {
    *("data", "task", "metric", "test_error", "test_error_interval", "train_error", "dev_error"),
    *("human_error", "bias", "variance", "verdict", "steps", "seconds", "versions", "seed"),
    *("interrupted", "stop_reason", "advice", "examples", "notes", "diagnosis", "gradient_check"),
}
VERDICTS = ("high bias", "high variance", "both", "balanced", "inconclusive")


def result_of(kind):
    def refuse(constant):
        raise ValueError(f"{constant} is no JSON")

    text = (finished(kind).directory / "result.json").read_text(encoding="utf-8")
    return json.loads(text, parse_constant=refuse)


def parts_of(kind):
    """Train, dev and test rows as the run had them, from what is documented of it."""
    examples = read(finished(kind).data)
    rows = np.arange(len(examples))
    return examples, [part for part, _ in train_dev_test_split(rows, examples.y, seed=0)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_lie_in_the_directory_and_nothing_else(kind):
    assert sorted(path.name for path in finished(kind).directory.iterdir()) == list(RUN_FILES)


@pytest.mark.parametrize("kind", KINDS)
def test_the_result_is_strict_json_with_the_documented_keys(kind):
    result = result_of(kind)
    assert set(result) >= KEYS
    assert result["verdict"] in VERDICTS
    assert result["interrupted"] is False
    assert result["seconds"] > 0
    assert result["versions"]["keras"] == keras.__version__


@pytest.mark.parametrize("kind", KINDS)
def test_errors_are_fractions_that_fit_together(kind):
    result = result_of(kind)
    low, high = result["test_error_interval"]
    assert 0 <= low <= result["test_error"] <= high <= 1
    assert 0 <= result["train_error"] <= 1
    assert result["bias"] == pytest.approx(result["train_error"] - result["human_error"])
    assert result["variance"] == pytest.approx(result["dev_error"] - result["train_error"])


@pytest.mark.parametrize(
    ("kind", "task", "metric"),
    [
        ("table", "classification", "error_rate"),
        ("images", "classification", "error_rate"),
        ("numbers", "regression", "relative_squared_error"),
    ],
)
def test_the_task_is_told_from_the_target(kind, task, metric):
    assert (result_of(kind)["task"], result_of(kind)["metric"]) == (task, metric)


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_is_in_one_part(kind):
    sizes = result_of(kind)["examples"]
    examples, parts = parts_of(kind)
    assert [sizes[part] for part in ("train", "dev", "test")] == [len(part) for part in parts]
    assert sum(sizes.values()) == len(examples)


def test_the_test_error_is_that_of_the_saved_model_on_the_test_part():
    examples, (_, _, test) = parts_of("table")
    model, encoding = load_run(finished("table").directory)
    outputs = model.predict(encoding.inputs(examples.x.iloc[test]), verbose=0)
    wrong = encoding.target.inverse(outputs.argmax(axis=1)) != examples.y[test]
    assert result_of("table")["test_error"] == pytest.approx(wrong.mean())


def test_the_test_error_of_a_regression_is_relative_to_predicting_the_mean():
    examples, (train, _, test) = parts_of("numbers")
    model, encoding = load_run(finished("numbers").directory)
    predictions = model.predict(encoding.inputs(examples.x.iloc[test]), verbose=0)[:, 0]
    squared = np.square(predictions - examples.y[test]).mean()
    baseline = np.square(examples.y[test] - examples.y[train].mean()).mean()
    assert result_of("numbers")["test_error"] == pytest.approx(squared / baseline, rel=1e-3)


def test_columns_are_encoded_by_what_the_training_part_holds():
    examples, (train, _, _) = parts_of("table")
    encoding = json.loads((finished("table").directory / "encoding.json").read_text())
    columns = {column["name"]: column for column in encoding["table"]["columns"]}
    assert columns[SIZE]["median"] == pytest.approx(np.nanmedian(examples.x[SIZE].iloc[train]))
    assert columns[SIZE]["mark_missing"] is True
    assert columns["when"]["kind"] == "date"
    assert "name" not in columns
    assert encoding["target"]["classes"] == sorted(LABELS)


def test_what_was_done_to_the_data_is_noted():
    notes = " ".join(result_of("table")["notes"])
    assert "missing, filled with the median" in notes
    assert "column `name` has a different text in every row, like a name: left out." in notes
    assert "split: train 360, dev 120, test 120." in notes
    assert "dev and test: " in notes


@pytest.mark.parametrize("kind", KINDS)
def test_the_model_loads_and_takes_raw_numeric_rows(kind):
    model = keras.saving.load_model(finished(kind).directory / "model.keras")
    shape = model.input_shape[1:]
    outputs = model.predict(1e3 * np.ones((2, *shape)), verbose=0)
    assert np.isfinite(outputs).all()
    assert any(type(layer).__name__ == "Standardize" for layer in model.layers)


@pytest.mark.parametrize("kind", KINDS)
def test_the_history_is_a_table_with_a_row_for_each_epoch(kind):
    path = finished(kind).directory / "history.csv"
    frame = pandas.read_csv(path)
    assert len(frame) == sum(step["epochs"] for step in result_of(kind)["steps"])
    assert set(frame) == {"step", "name", "epoch", "train_cost", "dev_cost",
                          "cost_without_penalty", "penalty", "learning_rate"}  # fmt: skip
    assert frame.notna().all(axis=None)
    with path.open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(frame)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_were_checked_once(kind):
    check = result_of(kind)["gradient_check"]
    assert check["passed"] is True
    assert check["distance"] < 1e-3


@pytest.mark.parametrize(
    ("numbers", "minutes"), [(300, job_module.SMALL_BUDGET), (10**6, job_module.LARGE_BUDGET)]
)
def test_the_budget_follows_the_size_of_the_data(numbers, minutes, tmp_path, monkeypatch):
    seen = []

    def walk(recipe, data):
        seen.append(recipe.budget)
        raise KeyboardInterrupt

    monkeypatch.setattr(job_module, "_walk", walk)
    monkeypatch.setattr(job_module, "prepare", lambda examples, seed: Prepared(examples))
    np.savez(tmp_path / "a.npz", x=np.ones((100, numbers // 100)), y=np.arange(100) % 2)
    with pytest.raises(KeyboardInterrupt):
        run_job(JobOptions(str(tmp_path / "a.npz"), out=str(tmp_path / "run")))
    assert seen == [minutes]


class Prepared:
    """Prepared data of which only the summary is looked at."""

    def __init__(self, examples):
        self.examples, self.notes = examples, ()


def test_notes_are_told_before_the_work(tmp_path, monkeypatch):
    told = []

    def walk(recipe, data):
        raise KeyboardInterrupt

    monkeypatch.setattr(job_module, "_walk", walk)
    with pytest.raises(KeyboardInterrupt):
        run_job(JobOptions("iris", out=str(tmp_path / "run")), told.append)
    first, *told = told
    assert first == RunBegun(tmp_path / "run")
    assert all(isinstance(event, Said) for event in told)
    assert told[0].text.startswith("iris: 150 examples, 4 features, classification into 3 classes")
    assert told[1].text == "split: train 90, dev 30, test 30."
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"human_error": -0.1}, "`human_error` must be a fraction >= 0"),
        ({"target_error": math.nan}, "`target_error` must be a fraction >= 0"),
        ({"budget_minutes": -1.0}, "`budget` must be minutes > 0"),
        ({"budget_minutes": 0.0}, "`budget` must be minutes > 0"),
        ({"task": "cluster"}, "`task` must be 'auto'"),
        ({"seed": -1}, "`seed` must lie in 0 to"),
    ],
)
def test_an_option_out_of_range_is_refused_and_nothing_written(options, match, tmp_path):
    with pytest.raises(ValueError, match=match):
        run_job(JobOptions("iris", out=str(tmp_path / "run"), **options))
    assert not any(tmp_path.iterdir())


def test_targets_whose_square_overflows_float32_are_learned(tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 2))
    frame = pandas.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": 5e30 + 1e30 * x[:, 0]})
    frame.to_csv(tmp_path / "huge.csv", index=False)
    options = JobOptions(
        str(tmp_path / "huge.csv"), target_error=1.0, budget_minutes=0.2, out=str(tmp_path / "run")
    )
    assert run_job(options).test_error.error < 0.5
