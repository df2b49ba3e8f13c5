"""What lies beside a model so that it can be given new rows."""

import json
import math

import numpy as np
import pandas
import pytest

from kerasrecipes.data import DataError, Encoding, TargetEncoding, memory
from kerasrecipes.recipe.run_encoding import RunEncoding

FRAME = pandas.DataFrame({"size": [1.0, None, 3.0, 2.0], "pet": ["cat", "dog", "dog", "cat"]})
LABELS = TargetEncoding.fit(np.array(["b", "a"]), "classification")


def of_table():
    return RunEncoding(Encoding.fit(FRAME), LABELS, "label", (4,), ("size", "pet"))


def of_arrays(shape=(2, 3), names=("u", "v", "w", "x", "y", "z")):
    return RunEncoding(None, TargetEncoding.fit(np.ones(2), "regression"), "price", shape, names)


def saved(encoding, folder):
    (folder / "encoding.json").write_text(json.dumps(encoding.to_dict(), allow_nan=False))
    return RunEncoding.load(folder)


@pytest.mark.parametrize("encoding", [of_table(), of_arrays(), of_arrays((3,), ())])
def test_it_comes_back_from_its_file_as_it_was(encoding, tmp_path):
    assert saved(encoding, tmp_path) == encoding


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: entries.pop("target"),
        lambda entries: entries.update(target={"version": 99}),
        lambda entries: entries.update(table={"version": 99}),
        lambda entries: entries.update(input_shape=None),
        lambda entries: entries["table"]["columns"][0].pop("median"),
        lambda entries: entries["table"]["columns"][0].update(more=1),
        lambda entries: entries.update(table=[1, 2]),
        lambda entries: entries.update(target="label"),
        lambda entries: entries.update(version=2),
        lambda entries: entries.update(target_name=["y"]),
        lambda entries: entries.update(feature_names=[1]),
        lambda entries: entries.update(input_shape=[-1]),
        lambda entries: entries.update(input_shape=["4"]),
        lambda entries: entries["table"]["columns"][0].update(median="1"),
        lambda entries: entries["table"]["columns"][0].update(median=math.nan),
        lambda entries: entries["table"]["columns"][1].update(categories=[["a"]]),
        lambda entries: entries["table"]["columns"][1].update(other=2),
        lambda entries: entries["target"].update(classes=["a", 1]),
        lambda entries: entries["target"].update(classes=["a", "a"]),
        lambda entries: entries["target"].update(task="system"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_refused(change, tmp_path):
    entries = of_table().to_dict()
    change(entries)
    (tmp_path / "encoding.json").write_text(json.dumps(entries))
    with pytest.raises(DataError, match=r"encoding.json` cannot be used \(.*\): give the dir"):
        RunEncoding.load(tmp_path)


def test_rows_of_a_table_are_encoded_by_the_names_of_their_columns():
    x = of_table().inputs(FRAME[["pet", "size"]].assign(more=1))
    assert x.tolist() == [[1, 0, 1, 0], [2, 1, 0, 1], [3, 0, 0, 1], [2, 0, 1, 0]]


def test_an_array_has_no_names_to_encode_by():
    with pytest.raises(DataError, match="trained on a table with named columns, and these rows"):
        of_table().inputs(np.ones((2, 4)))


@pytest.mark.parametrize("shape", [(5, 6), (5, 2, 3), (5, 3, 2, 1)])
def test_arrays_are_given_the_shape_of_the_training(shape):
    rows = np.arange(30.0).reshape(shape)
    np.testing.assert_array_equal(of_arrays().inputs(rows), np.arange(30.0).reshape(5, 2, 3))


def test_arrays_of_another_size_are_refused():
    match = r"takes rows of 6 numbers \(2, 3\), and these have 8 \(4, 2\): give rows"
    with pytest.raises(DataError, match=match):
        of_arrays().inputs(np.ones((5, 4, 2)))


def test_columns_of_a_table_are_chosen_by_the_names_of_the_arrays():
    frame = pandas.DataFrame({name: [float(i)] for i, name in enumerate("zyxwvu")})
    x = of_arrays((6,)).inputs(frame.assign(more=9.0))
    assert x.tolist() == [[5.0, 4.0, 3.0, 2.0, 1.0, 0.0]]


def test_columns_without_these_names_are_taken_in_their_order_without_the_target():
    frame = pandas.DataFrame({"a": [1.0], "price": [9.0], "b": [2.0], "c": [3.0]})
    assert of_arrays((3,), ()).inputs(frame).tolist() == [[1.0, 2.0, 3.0]]


def test_text_where_numbers_were_trained_on_is_refused():
    frame = pandas.DataFrame({"a": ["many"], "b": [2.0], "c": [3.0]})
    with pytest.raises(DataError, match=r"takes numbers, and the table holds text \(.*many"):
        of_arrays((3,), ()).inputs(frame)


def test_a_gap_where_numbers_were_trained_on_is_refused():
    frame = pandas.DataFrame({"a": [1.0, np.nan], "b": [2.0, 2.0], "c": [3.0, 3.0]})
    with pytest.raises(DataError, match=r"not finite: nan at index \(1, 0\)"):
        of_arrays((3,), ()).inputs(frame)


@pytest.mark.parametrize("text", ["[" * 100_000, "", "\x00", "[]"])
def test_a_file_that_is_no_encoding_at_all_is_refused(text, tmp_path):
    (tmp_path / "encoding.json").write_text(text)
    with pytest.raises(DataError, match=r"encoding.json` cannot be used"):
        RunEncoding.load(tmp_path)


def test_a_file_larger_than_the_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    (tmp_path / "encoding.json").write_text(json.dumps(of_table().to_dict()))
    monkeypatch.setattr(memory, "available_memory", lambda: 1000)
    with pytest.raises(DataError, match=r"`encoding.json` takes about"):
        RunEncoding.load(tmp_path)
