import numpy as np
import pytest

from kerasrecipes.data import load, read


def test_digits_are_as_in_scikit_learn():
    from sklearn import datasets

    x, y = load("digits")
    assert (x.shape, x.dtype, y.dtype) == ((1797, 64), "float32", "int64")
    np.testing.assert_array_equal(x, datasets.load_digits().data)
    np.testing.assert_array_equal(y, datasets.load_digits().target)


def test_the_numbers_of_a_regression_are_float32():
    x, y = load("diabetes")
    assert (x.shape, y.shape, y.dtype) == ((442, 10), (442,), "float32")
    assert y[:3].tolist() == [151.0, 75.0, 141.0]


def test_images_keep_shape_and_bytes(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), "uint8")
    np.savez(tmp_path / "a.npz", x=images, y=np.array(["b", "a"] * 3))
    x, y = load(tmp_path / "a.npz")
    np.testing.assert_array_equal(x, images)
    assert x.dtype == "uint8"
    assert y.tolist() == [1, 0] * 3


def test_a_table_is_encoded(tmp_path):
    (tmp_path / "a.csv").write_text("n,t,label\n1,u,7\n,v,3\n3,u,7\n2,v,3\n")
    x, y = load(tmp_path / "a.csv")
    assert x.tolist() == [[1, 0, 1, 0], [2, 1, 0, 1], [3, 0, 1, 0], [2, 0, 0, 1]]
    assert y.tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_target_and_task_are_passed_on(tmp_path, task):
    (tmp_path / "a.csv").write_text("n,t\n1,5\n2,6\n3,5\n4,6\n")
    _, y = load(tmp_path / "a.csv", target="n", task=task)
    assert y.tolist() == ([0, 1, 2, 3] if task == "classification" else [1, 2, 3, 4])
    assert read(tmp_path / "a.csv", "n", task=task).task == task
