import json

import numpy as np
import pandas
import pytest

from kerasrecipes.data import DataError, TargetEncoding


@pytest.mark.parametrize(
    ("y", "classes", "indices"),
    [
        (np.array(["b", "a", "b"]), ("a", "b"), [1, 0, 1]),
        (np.array([7, 3, 7], "uint8"), (3, 7), [1, 0, 1]),
        (np.array([True, False, True]), (False, True), [1, 0, 1]),
        (np.array([2.0, 1.0, 2.0]), (1, 2), [1, 0, 1]),
        (pandas.Series(["b", "a", "b"]), ("a", "b"), [1, 0, 1]),
        (["b", "a", "b"], ("a", "b"), [1, 0, 1]),
    ],
)
def test_labels_and_their_types_survive_json(y, classes, indices):
    encoding = TargetEncoding.fit(y, "classification")
    again = TargetEncoding.from_dict(json.loads(json.dumps(encoding.to_dict())))
    assert again == encoding
    assert [type(label) for label in again.classes] == [type(label) for label in classes]
    assert again.classes == classes
    assert again.transform(y).tolist() == indices
    assert again.transform(y).dtype == "int64"
    assert again.inverse(indices).tolist() == list(y)


def test_numbers_of_a_regression_pass_through_as_float32():
    encoding = TargetEncoding.fit(np.array([1.5, 2.5]), "regression")
    again = TargetEncoding.from_dict(json.loads(json.dumps(encoding.to_dict())))
    assert again == encoding
    assert again.transform([1.5, -2.0]).dtype == "float32"
    assert again.inverse(again.transform([1.5, -2.0])).tolist() == [1.5, -2.0]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array(["a", "a"]), r"a single class \('a'\)"),
        ([1, "a"], "found int, str"),
        ([0.5, 1], "found float, int"),
        ([None, "a"], "found NoneType, str"),
        (np.eye(2), r"shape \(2, 2\).*numpy.argmax"),
    ],
)
def test_unusable_labels_are_refused(y, message):
    with pytest.raises(DataError, match=message):
        TargetEncoding.fit(y, "classification")


def test_an_unseen_label_is_named_with_those_known():
    encoding = TargetEncoding.fit([f"c{i:02d}" for i in range(12)], "classification")
    with pytest.raises(DataError, match=r"the class new, .* c00, c01, .*, c09 and 2 more"):
        encoding.transform(["c00", "new"])


@pytest.mark.parametrize(
    ("indices", "message"),
    [([0, 2], "lie in 0 to 1.*values from 0 to 2"), ([-1], "from -1"), ([0.5], "dtype float64")],
)
def test_an_index_that_is_no_class_is_refused(indices, message):
    with pytest.raises(ValueError, match=message):
        TargetEncoding.fit(["a", "b"], "classification").inverse(indices)


@pytest.mark.parametrize("y", [[np.nan], [1e300], ["a"]])
def test_numbers_that_float32_cannot_hold_are_refused(y):
    with pytest.raises(DataError, match="targets of a regression must be"):
        TargetEncoding("regression").transform(y)


def test_another_version_and_an_unknown_task_are_refused():
    with pytest.raises(DataError, match=r"version 9 .*; version 1 is read"):
        TargetEncoding.from_dict({"version": 9, "task": "regression", "classes": []})
    with pytest.raises(ValueError, match="Received: task='auto'"):
        TargetEncoding.fit([0, 1], "auto")
