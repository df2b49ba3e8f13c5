import keras
import numpy as np
import pytest

from kerasrecipes.data import DataError, read
from kerasrecipes.data.catalog import load_named

KERAS_NAMES = ["mnist", "fashion_mnist", "cifar10"]


@pytest.mark.parametrize(
    ("name", "shape", "task", "classes"),
    [
        ("digits", (1797, 64), "classification", 10),
        ("breast_cancer", (569, 30), "classification", 2),
        ("wine", (178, 13), "classification", 3),
        ("iris", (150, 4), "classification", 3),
        ("diabetes", (442, 10), "regression", 214),
    ],
)
def test_data_sets_of_scikit_learn_come_from_the_disk(name, shape, task, classes):
    found = load_named(name)
    assert found.x.shape == shape
    assert found.task == task
    assert len(np.unique(found.y)) == classes
    assert len(found.feature_names) == shape[1]


@pytest.mark.parametrize("name", KERAS_NAMES)
def test_train_and_test_of_keras_are_joined(monkeypatch, name):
    images = np.arange(6 * 4 * 4, dtype="uint8").reshape(6, 4, 4)
    y = np.array([[0], [1], [0], [1], [0], [1]])
    parts = (images[:4], y[:4]), (images[4:], y[4:])
    monkeypatch.setattr(getattr(keras.datasets, name), "load_data", lambda: parts)
    examples = read(name)
    np.testing.assert_array_equal(examples.x, images)
    assert examples.y.tolist() == [0, 1, 0, 1, 0, 1]
    assert (examples.image_shape, examples.task) == ((4, 4, 1), "classification")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("mnist", "put mnist.npz into"),
        ("fashion_mnist", "the folder fashion-mnist with its four .gz files"),
        ("cifar10", "named cifar-10-batches-py-target_archive"),
    ],
)
def test_a_download_that_fails_says_which_file_to_put_where(monkeypatch, name, file):
    def fail():
        raise Exception("URL fetch failure:\nno network")

    monkeypatch.setenv("KERAS_HOME", "/somewhere")
    monkeypatch.setattr(getattr(keras.datasets, name), "load_data", fail)
    with pytest.raises(DataError, match=rf"`{name}` is not .* no network\): .*{file}") as raised:
        load_named(name)
    assert str(raised.value).endswith("/somewhere/datasets.")
    assert "\n" not in str(raised.value)
