"""A run's model applied to rows, from a run directory made by hand."""

import json

import keras
import numpy as np
import pandas
import pytest

from kerasrecipes.data import DataError, TargetEncoding
from kerasrecipes.recipe import load_run, predict_rows
from kerasrecipes.recipe.run_encoding import RunEncoding


def run_of(folder, classes):
    """A run whose model says class `k` for the k-th unit vector, or the first number of a row."""
    task = "classification" if classes else "regression"
    units = len(classes) or 1
    model = keras.Sequential([keras.Input((units,)), keras.layers.Dense(units, use_bias=False)])
    model.set_weights([np.eye(units)])
    model.save(folder / "model.keras")
    target = TargetEncoding(task, classes)
    encoding = RunEncoding(None, target, "y", (units,), ())
    (folder / "encoding.json").write_text(json.dumps(encoding.to_dict()))
    (folder / "result.json").write_text("{}")
    return folder


def rows_of(folder, x):
    np.savez(folder / "rows.npz", x=x)
    return str(folder / "rows.npz")


@pytest.mark.parametrize("classes", [("no", "yes"), (3, 7), (False, True)])
def test_labels_come_back_in_their_first_type(classes, tmp_path):
    table = predict_rows(run_of(tmp_path, classes), rows_of(tmp_path, np.eye(2)[[1, 0, 1]]))
    assert table["prediction"].tolist() == [classes[1], classes[0], classes[1]]
    assert type(table["prediction"].tolist()[0]) is type(classes[0])
    assert list(table.columns[1:]) == ["confidence", f"p({classes[0]})", f"p({classes[1]})"]
    assert table["confidence"].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("count", "columns"), [(50, 52), (51, 2)])
def test_many_classes_have_no_columns_of_probabilities(count, columns, tmp_path):
    run = run_of(tmp_path, tuple(range(count)))
    assert predict_rows(run, rows_of(tmp_path, np.eye(count))).shape == (count, columns)


def test_a_regression_has_a_number_for_each_row(tmp_path):
    table = predict_rows(run_of(tmp_path, ()), rows_of(tmp_path, np.array([[1.5], [-2.0]])))
    assert table["prediction"].tolist() == [1.5, -2.0]
    assert list(table.columns) == ["prediction"]


def test_a_data_set_known_by_name_is_predicted(tmp_path):
    run = run_of(tmp_path, ("a", "b", "c", "d"))
    assert len(predict_rows(run, "iris")) == 150


def test_a_file_goes_before_a_data_set_of_its_name(tmp_path, monkeypatch):
    run = run_of(tmp_path, ("a", "b"))
    (tmp_path / "iris").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="`iris` is a directory"):
        predict_rows(run, "iris")


def test_the_model_comes_with_its_encoding(tmp_path):
    model, encoding = load_run(run_of(tmp_path, ("a", "b")))
    assert model.input_shape == (None, 2)
    assert encoding.target.classes == ("a", "b")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("result.json", "is not the directory of a finished run"),
        ("encoding.json", "cannot be used"),
        ("model.keras", "no model.keras in it"),
    ],
)
def test_a_file_that_is_missing_is_named(name, match, tmp_path):
    (run_of(tmp_path, ("a", "b")) / name).unlink()
    with pytest.raises(DataError, match=match):
        load_run(tmp_path)


def test_rows_of_a_table_may_be_text_of_numbers_only(tmp_path):
    pandas.DataFrame({"a": [0.0], "b": [1.0]}).to_csv(tmp_path / "rows.csv", index=False)
    table = predict_rows(run_of(tmp_path, ("a", "b")), str(tmp_path / "rows.csv"))
    assert table["prediction"].tolist() == ["b"]
