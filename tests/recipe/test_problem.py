"""What there is to learn, from a split."""

import keras
import numpy as np
import pytest

from kerasrecipes.data import DataError, Split
from kerasrecipes.recipe.problem import Problem

X = np.arange(24.0).reshape(8, 3)
NOTHING = (None, None)


def of(y_train, y_dev, x=X, **options):
    y_train, y_dev = np.array(y_train), np.array(y_dev)
    return Problem.of(
        Split((x[: len(y_train)], y_train), (x[: len(y_dev)], y_dev), NOTHING), **options
    )


@pytest.mark.parametrize(
    "labels", [("ant", "bee", "cow"), (2, 5, 9), (-1, 0, 1)], ids=["text", "numbers", "signed"]
)
def test_labels_become_class_numbers_in_sorted_order(labels):
    a, b, c = labels
    problem = of([c, a, b, a, c, b], [b, c])
    assert problem.train[1].tolist() == [2, 0, 1, 0, 2, 1]
    assert problem.dev[1].tolist() == [1, 2]
    assert (problem.task, problem.outputs, problem.metric) == ("classification", 3, "error_rate")
    assert problem.loss == "sparse_categorical_crossentropy"
    assert problem.target.classes == labels


def test_one_hot_rows_become_class_numbers():
    problem = of(np.eye(3)[[2, 0, 1, 0, 2, 1]], np.eye(3)[[1, 2]])
    assert problem.train[1].tolist() == [2, 0, 1, 0, 2, 1]


def test_the_targets_of_a_regression_are_standardised_by_the_training_part():
    y_train, y_dev = [1.5, 2.5, 3.5, 8.5], [100.0, -3.0]
    problem = of(y_train, y_dev)
    mean, deviation = np.mean(y_train), np.std(y_train)
    assert (problem.offset, problem.scale) == pytest.approx((mean, deviation))
    assert problem.dev[1] == pytest.approx((np.array(y_dev) - mean) / deviation)
    assert (problem.task, problem.outputs, problem.loss) == ("regression", 1, "mse")
    assert problem.metric == "relative_squared_error"


def test_the_task_can_be_chosen():
    whole = [1, 2, 1, 2, 1, 2]
    assert of(whole, [1, 2]).task == "classification"
    assert of(whole, [1, 2], task="regression").task == "regression"


@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        ((3,), {}, None),
        ((4, 6), {}, (4, 6, 1)),
        ((4, 6, 3), {}, (4, 6, 3)),
        ((24,), {"image_shape": (2, 4, 3)}, (2, 4, 3)),
    ],
)
def test_images_are_known_by_their_rank_or_by_what_is_told(shape, options, expected):
    x = np.ones((6, *shape), "uint8")
    assert of([0, 1] * 3, [0, 1], x, **options).image_shape == expected


@pytest.mark.parametrize(
    ("loss", "task", "metric", "threshold"),
    [
        ("mse", "regression", "relative_squared_error", 0.5),
        ("binary_crossentropy", "classification", "error_rate", 0.5),
        (keras.losses.BinaryCrossentropy(from_logits=True), "classification", "error_rate", 0.0),
    ],
)
def test_a_model_as_given_says_by_its_loss_how_errors_are_measured(loss, task, metric, threshold):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(loss=loss)
    y = np.array([0, 1] * 4)
    problem = Problem.as_given(Split((X, y), (X, y), NOTHING), model)
    assert (problem.task, problem.metric, problem.threshold) == (task, metric, threshold)
    assert problem.train[0] is X
    assert problem.target is None


def test_rank_5_is_refused():
    with pytest.raises(DataError, match=r"the train inputs have shape \(6, 2, 2, 2, 2\): rows of"):
        of([0, 1] * 3, [0, 1], np.ones((6, 2, 2, 2, 2)))
