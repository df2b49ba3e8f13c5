import datetime

import numpy as np
import pandas
import pytest

from kerasrecipes.data import DataError
from kerasrecipes.data.target import as_target, one_hot_labels


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (np.array(["a", "b", "a"]), "classification"),
        (np.array([b"a", b"b"]), "classification"),
        (np.array([True, False]), "classification"),
        (pandas.Series(["a", "b"], dtype="category"), "classification"),
        (np.repeat(np.arange(20), 2), "classification"),
        (np.repeat(np.arange(20.0), 2), "classification"),
        (pandas.Series([1, 2, 1, 2], dtype="Int64"), "classification"),
        (np.repeat(np.arange(21), 2), "regression"),
        (np.repeat(np.arange(20), 2)[:-1], "regression"),
        (np.array([1.5, 2.0, 1.5, 2.0]), "regression"),
        (pandas.Series([0.5, 2]), "regression"),
    ],
)
def test_the_task_follows_from_the_values(y, task):
    target = as_target(y, "y")
    assert target.task == task
    assert len(target.notes) == 1


@pytest.mark.parametrize(("task", "kind"), [("classification", "i"), ("regression", "f")])
def test_the_task_can_be_chosen_and_is_then_not_explained(task, kind):
    target = as_target(np.array([1.0, 2.0, 2.0]), "y", task)
    assert (target.task, target.y.dtype.kind, target.notes) == (task, kind, ())


@pytest.mark.parametrize(
    ("y", "dtype", "values"),
    [
        (np.array([3, 5, 3, 5], "uint8"), "int64", [3, 5, 3, 5]),
        (np.array([[1], [0], [1], [0]]), "int64", [1, 0, 1, 0]),
        (np.array([b"u", b"v"]), "<U1", ["u", "v"]),
        (pandas.Series([True, False], dtype=object), "bool", [True, False]),
        (pandas.Series(["u", "v"]), "<U1", ["u", "v"]),
        (pandas.Series(["1,5", "2,25", "3"]), "float64", [1.5, 2.25, 3.0]),
        (pandas.Series(["1,234", "2,345"]), "float64", [1234.0, 2345.0]),
    ],
)
def test_targets_become_plain_arrays(y, dtype, values):
    target = as_target(y, "y")
    assert target.y.dtype == dtype
    assert target.y.tolist() == values


def test_numbers_written_as_text_serve_a_regression():
    y = as_target(pandas.Series(["1.5", "2"]), "y", "regression").y
    assert y.tolist() == [1.5, 2.0]


def test_one_hot_targets_become_labels_with_a_note():
    target = as_target(np.eye(3)[[2, 0, 1, 2, 0, 1]], "y")
    assert target.y.tolist() == [2, 0, 1, 2, 0, 1]
    assert target.notes[0] == "`y` was one-hot over 3 classes: turned into labels."


@pytest.mark.parametrize(
    "y", [[[1, 1], [0, 1]], [[0, 0], [0, 1]], [[0.5, 0.5]], [[1], [1]], [1, 0], [["a", "b"]]]
)
def test_other_matrices_are_not_one_hot(y):
    assert one_hot_labels(np.array(y)) is None


MIXED = pandas.Series([1, "a", 2.5], dtype=object)
DAYS = pandas.Series([datetime.date(2020, 1, 1)] * 2)


@pytest.mark.parametrize(
    ("y", "task", "message"),
    [
        (np.array([1, 1]), "auto", r"`y` holds a single class \(1\) in all 2 rows"),
        (np.array(["a", "a"]), "auto", r"a single class \(a\)"),
        (np.array([2.5, 2.5]), "auto", "`y` is 2.5 in all 2 rows: there is nothing to predict"),
        (MIXED, "auto", r"labels of the wrong type \(float, int, str\)"),
        (DAYS, "auto", r"labels of the wrong type \(date\)"),
        (np.ones((3, 2)), "auto", r"`y` has shape \(3, 2\)"),
        (np.ones((3, 2, 2)), "auto", r"`y` has shape \(3, 2, 2\)"),
        (np.array([1.0, np.nan]), "auto", "`y` holds a value that is not finite: nan at index 1"),
        (np.array([1.0, 2.5]), "classification", "fractions such as 2.5"),
        (np.array(["a", "b"]), "regression", "holds text labels such as a, .* no numbers"),
        (np.array([True, False]), "regression", "holds bool labels"),
        (np.array([f"n{i}" for i in range(30)]), "auto", "30 distinct labels in 30 rows, .* names"),
        (np.array([1 + 1j, 2]), "auto", "wrong type"),
    ],
)
def test_unusable_targets_are_refused(y, task, message):
    with pytest.raises(DataError, match=message):
        as_target(y, "y", task)


def test_an_unknown_task_is_refused():
    with pytest.raises(ValueError, match="Received: task='classify'"):
        as_target(np.array([0, 1]), "y", "classify")
