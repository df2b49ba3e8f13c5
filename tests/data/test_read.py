import pathlib

import numpy as np
import pandas
import pytest

from kerasrecipes.data import DataError, read
from kerasrecipes.data.read import read_inputs


def csv(tmp_path, text, name="a.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def npz(tmp_path, **arrays):
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    return path


def test_digits_are_rows_that_know_their_image_shape():
    examples = read("digits")
    assert (examples.x.shape, examples.x.dtype) == ((1797, 64), "float32")
    assert examples.image_shape == (8, 8, 1)
    assert (examples.y.dtype, examples.notes) == ("int64", ())


def test_a_table_is_divided_into_frame_and_target(tmp_path):
    examples = read(csv(tmp_path, "a,kind,b\n1,u,x\n2,v,y\n3,u,x\n"), target="kind")
    assert examples.feature_names == tuple(examples.x.columns) == ("a", "b")
    assert examples.y.tolist() == ["u", "v", "u"]
    assert (examples.name, examples.target_name) == ("a", "kind")
    assert (examples.task, len(examples), examples.is_table) == ("classification", 3, True)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("a,Label,b", "Label"),
        ("CLASS,a,b", "CLASS"),
        ("y,target,a", "target"),
        ("a,y,b", "y"),
        ("a,b,price", "price"),
    ],
)
def test_the_target_is_found_by_its_name_or_as_the_last(tmp_path, header, target):
    examples = read(csv(tmp_path, f"{header}\n1,2,3\n4,5,6\n4,5,7\n4,5,8\n"), task="regression")
    assert examples.target_name == target
    assert f"`{target}`" in examples.notes[0]
    assert "taken as the target" in examples.notes[0]


def test_rows_without_a_target_are_left_out_with_a_note(tmp_path):
    examples = read(csv(tmp_path, "a,b\n1,u\n2,\n3,v\n4,u\n"), "b")
    assert examples.x["a"].tolist() == [1, 3, 4]
    assert examples.x.index.tolist() == [0, 1, 2]
    assert examples.y.tolist() == ["u", "v", "u"]
    assert "1 rows without a value of `b` were left out." in examples.notes


def test_missing_values_of_other_columns_stay_missing(tmp_path):
    assert read(csv(tmp_path, "a,b\n1,u\n,v\n"), "b").x["a"].isna().tolist() == [False, True]


def test_the_task_can_be_chosen(tmp_path):
    path = csv(tmp_path, "a,b\n1,0\n2,1\n3,0\n4,1\n")
    assert read(path).task == "classification"
    assert read(path, task="regression").y.dtype == "float64"


def test_images_of_an_archive_are_recognised(tmp_path):
    path = npz(tmp_path, x=np.zeros((6, 5, 4), "uint8"), y=np.array([0, 1] * 3))
    examples = read(path)
    assert (examples.image_shape, examples.x.dtype) == ((5, 4, 1), "uint8")
    assert examples.feature_names == ()


def test_rows_of_an_archive_get_names(tmp_path):
    path = npz(tmp_path, x=np.zeros((4, 2)), y=np.array([0.5, 1, 2, 3]))
    examples = read(str(path))
    assert (examples.feature_names, examples.task) == (("x0", "x1"), "regression")


def test_joined_parts_are_told(tmp_path):
    arrays = {"x_train": np.eye(4), "y_train": np.arange(4) % 2}
    arrays |= {"x_test": np.eye(4), "y_test": np.arange(4) % 2}
    examples = read(npz(tmp_path, **arrays))
    assert len(examples) == 8
    assert examples.notes[0] == "x_train, x_test were joined: the split is made anew."


def test_the_ending_may_be_in_capitals(tmp_path):
    assert len(read(csv(tmp_path, "a,b\n1,u\n2,v\n", name="A.CSV"))) == 2


def test_parquet_is_read(tmp_path):
    path = tmp_path / "a.parquet"
    pandas.DataFrame({"a": [1.0, 2.0], "label": [True, False]}).to_parquet(path)
    assert read(path).y.tolist() == [True, False]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "digit",
            r"`digit` is no data set known by name: did you mean `digits`\? Known are",
        ),
        ("Breast-Cancer", "did you mean `breast_cancer`"),
        ("zzzzzz", "known are digits, breast_cancer, .*cifar10; or give the path of a .csv, .npz"),
        ("nowhere/a.csv", "there is no file `nowhere/a.csv`. Check the path."),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name, message):
    with pytest.raises(DataError, match=message):
        read(name)


def test_a_missing_file_is_answered_with_the_nearest_beside_it(tmp_path):
    csv(tmp_path, "a,b\n1,2\n", name="wines.csv")
    with pytest.raises(DataError, match=r"there is no file .*wine.csv`. Did you mean .*wines.csv`"):
        read(tmp_path / "wine.csv")


def test_an_unknown_ending_and_a_directory_are_refused(tmp_path):
    csv(tmp_path, "a,b\n", name="a.xlsx")
    with pytest.raises(DataError, match=r"`a.xlsx` has the ending .xlsx, and only .csv, .npz or"):
        read(tmp_path / "a.xlsx")
    with pytest.raises(DataError, match=r"is a directory: give one .csv, .npz or .parquet file"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("price,rooms\n1,2\n", "prices", "no column `prices` to predict: choose .* price, rooms"),
        ("a,b\n1,u\n2,u\n", "b", r"`b` holds a single class \(u\) in all 2 rows"),
        ("b\nu\nv\n", "b", "no column beside the target `b`"),
        ("a,b\n1,\n2,\n", "b", "column `b` of `a.csv` holds no value"),
        ("a,b\n1,2020-01-01\n", "b", "single class"),
    ],
)
def test_an_unusable_target_of_a_table_is_refused(tmp_path, text, target, message):
    with pytest.raises(DataError, match=message):
        read(csv(tmp_path, text), target)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.ones((3, 2)), "y": np.arange(2)}, "`x` of `a.npz` has 3 rows and `y` has 2"),
        ({"x": np.ones((3, 2))}, "holds inputs `x` but no targets"),
        ({"x": np.array([[np.nan]]), "y": np.array([1])}, "nan at index"),
        ({"x": np.ones((2, 1)), "y": np.array([1, np.inf])}, "`y` holds .* inf at index 1"),
    ],
)
def test_unusable_arrays_are_refused(tmp_path, arrays, message):
    with pytest.raises(DataError, match=message):
        read(npz(tmp_path, **arrays))


def test_a_target_column_is_refused_where_there_is_no_table(tmp_path):
    with pytest.raises(DataError, match="Received: target='label'"):
        read("digits", target="label")
    with pytest.raises(DataError, match=r"`a.npz` is none: leave it out"):
        read(npz(tmp_path, x=np.eye(2), y=np.arange(2)), target="y")


def test_a_file_that_may_not_be_read_is_refused(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    path = csv(tmp_path, "a,b\n1,2\n")
    monkeypatch.setattr(pathlib.Path, "open", refuse)
    with pytest.raises(DataError, match=r"a.csv` cannot be read \(Permission denied\)"):
        read(path)


def test_inputs_alone_are_read_without_a_target(tmp_path):
    assert list(read_inputs(csv(tmp_path, "a,b\n1,x\n"))["b"]) == ["x"]
    assert read_inputs(npz(tmp_path, x=np.ones((2, 3)))).shape == (2, 3)
