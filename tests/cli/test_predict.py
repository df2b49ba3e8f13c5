"""`kerasrecipes predict`: new rows in, a table out."""

import json
import shutil

import keras
import numpy as np
import pandas
import pytest

from kerasrecipes.recipe import load_run
from tests.cli.command import call, refusal
from tests.cli.finished_runs import LABELS, SIZE, TEXT, finished, table


@pytest.fixture
def new_rows(tmp_path):
    """Nine rows without a target, in another order, with a column more and what was never seen."""
    frame = table(9, seed=1).drop(columns="label")
    frame.loc[2, TEXT], frame.loc[3, SIZE], frame.loc[4, "when"] = "never seen", np.nan, None
    frame = frame[["when", TEXT, "flag", SIZE]].assign(extra=1)
    frame.to_csv(tmp_path / "new.csv", index=False)
    return tmp_path / "new.csv"


def predictions(run, data, tmp_path):
    outcome = call("predict", run, data, "--out", tmp_path / "out.csv")
    assert outcome.status == 0, outcome
    return pandas.read_csv(tmp_path / "out.csv"), outcome


def test_each_new_row_has_a_label_and_probabilities_that_add_up(new_rows, tmp_path):
    found, _ = predictions(finished("table").directory, new_rows, tmp_path)
    probabilities = found[[f"p({label})" for label in sorted(LABELS)]].to_numpy()
    assert len(found) == 9
    assert set(found["prediction"]) <= set(LABELS)
    assert probabilities.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert found["confidence"].to_numpy() == pytest.approx(probabilities.max(axis=1))
    assert list(found["prediction"]) == [sorted(LABELS)[i] for i in probabilities.argmax(axis=1)]


def test_predictions_are_those_of_the_model_on_encoded_rows(new_rows, tmp_path):
    found, _ = predictions(finished("table").directory, new_rows, tmp_path)
    model, encoding = load_run(finished("table").directory)
    x = encoding.table.transform(pandas.read_csv(new_rows))
    expected = model.predict(x, verbose=0)
    assert found.iloc[:, 2:].to_numpy() == pytest.approx(expected, abs=1e-6)


def test_labels_that_were_numbers_come_back_as_numbers(tmp_path):
    found, _ = predictions(finished("images").directory, finished("images").data, tmp_path)
    assert found["prediction"].dtype.kind == "i"
    assert set(found["prediction"]) == {3, 4}
    assert list(found.columns) == ["prediction", "confidence", "p(3)", "p(4)"]


def test_a_regression_is_predicted_in_the_units_of_the_target(tmp_path):
    run = finished("numbers")
    found, _ = predictions(run.directory, run.data, tmp_path)
    truth = pandas.read_parquet(run.data)["price"].to_numpy()
    assert list(found.columns) == ["prediction"]
    residuals = found["prediction"].to_numpy() - truth
    assert np.square(residuals).mean() < 0.05 * truth.var()
    assert abs(found["prediction"].mean() - 1000) < 50


def test_the_first_rows_are_shown_with_markup_as_it_is(new_rows, tmp_path):
    _, outcome = predictions(finished("table").directory, new_rows, tmp_path)
    assert outcome.err == ""
    assert "p([bold]no[/bold])" in outcome.out
    assert "... and 4 more rows" in outcome.out
    assert outcome.out.strip().endswith(f"9 predictions: {tmp_path / 'out.csv'}")


def test_what_had_to_be_guessed_is_told(new_rows, tmp_path):
    _, outcome = predictions(finished("table").directory, new_rows, tmp_path)
    assert (
        f"column `{TEXT}`: 1 of 9 rows hold what training did not see (never seen)" in outcome.out
    )
    assert "column `when`: 1 of 9 rows are without a value, filled with the median" in outcome.out


def test_without_out_the_table_lies_in_the_run(new_rows, tmp_path):
    shutil.copytree(finished("table").directory, tmp_path / "run")
    assert call("predict", tmp_path / "run", new_rows).status == 0
    assert len(pandas.read_csv(tmp_path / "run" / "predictions.csv")) == 9


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("rows", [1, 9])
def test_a_column_without_any_value_is_filled_as_in_training(rows, ending, new_rows, tmp_path):
    frame = pandas.read_csv(new_rows).head(rows).assign(label=None)  # as files of new rows have it
    for column in (SIZE, TEXT, "when", "flag"):
        frame = frame.assign(**{column: None})
        empty = tmp_path / f"empty.{ending}"
        frame.to_csv(empty, index=False) if ending == "csv" else frame.to_parquet(empty)
        found, _ = predictions(finished("table").directory, empty, tmp_path)
        assert len(found) == rows


def test_missing_columns_are_named(new_rows, tmp_path):
    pandas.read_csv(new_rows).drop(columns=["when", SIZE]).to_csv(new_rows, index=False)
    line = refusal("predict", finished("table").directory, "new.csv", directory=tmp_path)
    assert f"lacks 2 of the 4 columns used in training ({SIZE}, when): add them." in line


def test_text_where_training_had_numbers_is_refused(tmp_path):
    pandas.DataFrame({"p": [1.0], "q": ["many"], "r": [2.0]}).to_csv(
        tmp_path / "a.csv", index=False
    )
    line = refusal("predict", finished("numbers").directory, "a.csv", directory=tmp_path)
    assert "column `q` holds `many` in row 1, where training had numbers" in line


@pytest.mark.parametrize(
    ("run", "x", "words"),
    [
        ("images", np.ones((3, 5, 5)), "takes rows of 36 numbers (6, 6), and these have 25 (5,"),
        ("images", np.full((3, 6, 6), np.nan), "`x` holds a value that is not finite: nan at"),
        ("numbers", np.ones((3, 3)), "the run was trained on a table with named columns, and"),
    ],
    ids=["shape", "NaN", "no columns"],
)  # fmt: skip
def test_arrays_that_do_not_fit_the_model_are_refused(run, x, words, tmp_path):
    np.savez(tmp_path / "new.npz", x=x)
    assert words in refusal("predict", finished(run).directory, "new.npz", directory=tmp_path)


@pytest.mark.parametrize("rows", ["nowhere.csv", "nosuch"])
def test_rows_that_are_not_there_are_refused(rows, tmp_path):
    assert f"`{rows}`" in refusal("predict", finished("table").directory, rows, directory=tmp_path)


@pytest.mark.parametrize("run", ["nowhere", "."])
def test_a_directory_that_is_no_run_is_refused(run, new_rows, tmp_path):
    line = refusal("predict", run, "new.csv", directory=tmp_path)
    assert (
        f"`{run}` is not the directory of a finished run (no result.json in it): make one" in line
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("encoding.json", b"{", "encoding.json` cannot be used ("),
        ("encoding.json", b"[1]", "encoding.json` cannot be used ("),
        ("encoding.json", b"\xff\xfe", "encoding.json` cannot be used ("),
        ("encoding.json", None, "give the directory of a finished `kerasrecipes run`"),
        ("model.keras", b"PK\x03\x04 half of it", "model.keras` cannot be loaded ("),
        ("model.keras", b"", "model.keras` cannot be loaded ("),
        ("model.keras", None, "(no model.keras in it): make one"),
    ],
)
def test_a_damaged_run_is_refused(name, content, words, new_rows, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished("table").directory, run)
    if content is None:
        (run / name).unlink()
    else:
        (run / name).write_bytes(content)
    assert words in refusal("predict", "run", "new.csv", directory=tmp_path)


def test_a_changed_encoding_is_refused(new_rows, tmp_path):
    shutil.copytree(finished("table").directory, tmp_path / "run")
    path = tmp_path / "run" / "encoding.json"
    path.write_text(path.read_text().replace('"kind": "date"', '"kind": "data"'))
    line = refusal("predict", "run", "new.csv", directory=tmp_path)
    assert "encoding.json` cannot be used (column 'when' is of unknown kind 'data')" in line


def test_a_model_with_code_in_it_is_not_run(new_rows, tmp_path):
    shutil.copytree(finished("table").directory, tmp_path / "run")
    inputs = keras.Input((9,))
    outputs = keras.layers.Lambda(lambda x: x, output_shape=(9,))(inputs)
    keras.Model(inputs, outputs).save(tmp_path / "run" / "model.keras")
    line = refusal("predict", "run", "new.csv", directory=tmp_path)
    assert "`model.keras` holds a layer `Lambda`, which runs code" in line


@pytest.mark.parametrize(
    ("out", "reason"),
    [("new.csv/out.csv", "Not a directory"), ("no/out.csv", "No such file or directory"),
     ("folder", "Is a directory")],
)  # fmt: skip
def test_an_out_file_that_cannot_be_written_is_refused(out, reason, new_rows, tmp_path):
    (tmp_path / "folder").mkdir()
    run = finished("table").directory
    line = refusal("predict", run, "new.csv", "--out", out, directory=tmp_path)
    assert line == f"error: `{out}` cannot be written ({reason}): choose another file with --out.\n"


def test_as_json_it_names_the_file_and_what_was_remarked(new_rows, tmp_path):
    run, out = finished("table").directory, tmp_path / "out.csv"
    outcome = call("predict", run, new_rows, "--out", out, "--json")
    told = json.loads(outcome.out)
    assert (told["file"], told["predictions"]) == (str(out), 9)
    assert any("extra" in remark or "never seen" in remark for remark in told["remarks"])
    assert len(pandas.read_csv(out)) == 9
