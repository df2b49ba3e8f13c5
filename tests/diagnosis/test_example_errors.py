import keras
import numpy as np
import pytest

from kerasrecipes.diagnosis import example_errors, infer_metric, infer_threshold, is_one_hot

CLASSES = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.3, 0.4, 0.3]])


@pytest.mark.parametrize(
    "y",
    [np.array([0, 1, 1]), np.array([[0], [1], [1]]), np.eye(3)[[0, 1, 1]]],
    ids=["numbers", "column", "one-hot"],
)
def test_classes_by_the_largest_output(y):
    np.testing.assert_array_equal(example_errors("error_rate", y, CLASSES), [0, 1, 0])


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
@pytest.mark.parametrize(
    ("outputs", "threshold", "labels"),
    [([0.9, 0.4, 0.6, 0.1], 0.5, [1, 0, 0, 1]), ([3.0, -0.1, 0.1, -9.0], 0.0, [1, 0, 0, 1])],
    ids=["probabilities", "logits"],
)
def test_two_classes_by_the_threshold(outputs, threshold, labels, shape):
    outputs = np.array(outputs).reshape(shape)
    errors = example_errors("error_rate", np.array(labels), outputs, threshold=threshold)
    np.testing.assert_array_equal(errors, [0, 0, 1, 1])


def test_hinge_labels_of_minus_one_and_one():
    y, outputs = np.array([-1, 1, -1, 1]), np.array([[-2.0], [0.3], [0.4], [-0.1]])
    errors = example_errors("error_rate", y, outputs, threshold=0.0)
    np.testing.assert_array_equal(errors, [0, 0, 1, 1])


def test_several_labels_are_wrong_by_their_share():
    y = np.array([[1, 0, 1, 1], [0, 0, 0, 0]])
    outputs = np.array([[0.9, 0.8, 0.1, 0.7], [0.1, 0.1, 0.1, 0.9]])
    np.testing.assert_allclose(example_errors("error_rate", y, outputs), [0.5, 0.25])


@pytest.mark.parametrize(("one_hot", "errors"), [(None, [0.0]), (True, [0.0]), (False, [1 / 3])])
def test_one_label_of_several_is_read_as_told(one_hot, errors):
    found = example_errors(
        "error_rate", np.array([[0, 1, 0]]), np.array([[0.2, 0.4, 0.3]]), one_hot=one_hot
    )
    np.testing.assert_allclose(found, errors)


def test_sequences_are_wrong_by_the_share_of_positions():
    y, outputs = np.array([[0, 1], [1, 1]]), np.eye(3)[[[0, 2], [1, 1]]]
    np.testing.assert_allclose(example_errors("error_rate", y, outputs), [0.5, 0.0])


@pytest.mark.parametrize("spread", [1.0, 4.0, np.array([1.0, 4.0])])
def test_squared_errors_are_relative_to_the_spread(spread):
    y, predictions = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([[2.0, 4.0], [3.0, 1.5]])
    expected = [
        np.mean((y[i] - predictions[i]) ** 2 / np.broadcast_to(spread, 2)) for i in range(2)
    ]
    found = example_errors("relative_squared_error", y, predictions, spread=spread)
    np.testing.assert_allclose(found, expected)


def test_a_column_of_targets_fits_flat_predictions():
    y, predictions = np.array([[1.0], [2.0]]), np.array([1.5, 2.0])
    np.testing.assert_allclose(
        example_errors("relative_squared_error", y, predictions), [0.25, 0.0]
    )


def test_a_callable_measures_as_it_likes():
    errors = example_errors(lambda y, p: np.abs(y - p[:, 0]), np.array([1.0, 5.0]), CLASSES[:2])
    np.testing.assert_allclose(errors, [0.3, 4.9])


def test_a_prediction_that_is_not_finite_has_no_error():
    outputs = CLASSES.copy()
    outputs[1, 2], outputs[2, 0] = np.nan, np.inf
    errors = example_errors("error_rate", np.array([0, 1, 1]), outputs)
    np.testing.assert_array_equal(errors, [0, np.nan, np.nan])


@pytest.mark.parametrize(
    ("metric", "y", "predictions", "message"),
    [
        ("error_rate", np.ones(3), np.ones((2, 1)), "Received: 3 targets and 2 predictions"),
        ("error_rate", np.ones((2, 4)), np.ones((2, 3)), r"shape \(2, 4\), .*shape \(2, 3\)"),
        ("relative_squared_error", np.ones((2, 4)), np.ones((2, 3)), r"\(2, 4\), .*\(2, 3\)"),
        ("error_rate", np.ones(2), np.array([-0.5, 3.25]), "outputs from -0.5 to 3.25"),
        ("accuracy", np.ones(2), np.ones(2), "Received: metric='accuracy'"),
        (lambda y, p: 1.0, np.ones(2), np.ones(2), r"one error per example.*shape \(\)"),
    ],
    ids=["lengths", "shapes", "numbers", "logits", "unknown", "callable"],
)
def test_what_does_not_fit_is_refused(metric, y, predictions, message):
    with pytest.raises(ValueError, match=message):
        example_errors(metric, y, predictions)


def own_mse(y_true, y_pred):
    return y_true


def crossentropy_from_logits(y_true, y_pred):
    return y_true


@pytest.mark.parametrize(
    ("loss", "metric", "threshold"),
    [
        ("binary_crossentropy", "error_rate", 0.5),
        ("sparse_categorical_crossentropy", "error_rate", 0.5),
        (keras.losses.BinaryCrossentropy(from_logits=True), "error_rate", 0.0),
        (keras.losses.BinaryCrossentropy(name="loss"), "error_rate", 0.5),
        (keras.losses.BinaryFocalCrossentropy(), "error_rate", 0.5),
        (keras.losses.binary_crossentropy, "error_rate", 0.5),
        (crossentropy_from_logits, "error_rate", 0.0),
        ("hinge", "error_rate", 0.0),
        (keras.losses.SquaredHinge(), "error_rate", 0.0),
        (["categorical_crossentropy"], "error_rate", 0.5),
        ({"out": "mse"}, "relative_squared_error", 0.5),
        ("mse", "relative_squared_error", 0.5),
        ("mean_absolute_error", "relative_squared_error", 0.5),
        (keras.losses.Huber(name="mine"), "relative_squared_error", 0.5),
        (own_mse, "relative_squared_error", 0.5),
    ],
)
def test_the_metric_follows_the_loss(loss, metric, threshold):
    assert infer_metric(loss) == (metric, threshold)
    assert infer_threshold(loss) == threshold


@pytest.mark.parametrize("loss", [None, lambda y, p: y, keras.losses.CosineSimilarity()])
def test_a_loss_of_unknown_kind_is_refused(loss):
    with pytest.raises(ValueError, match=r"`metric='auto'` must .* Received: loss="):
        infer_metric(loss)


@pytest.mark.parametrize("infer", [infer_metric, infer_threshold])
def test_several_losses_are_refused(infer):
    with pytest.raises(ValueError, match=r"a model with 2 losses. Pass `metric=`"):
        infer({"a": "mse", "b": "mse"})


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (np.eye(3), True),
        ([[0.2, 0.8], [0.5, 0.5]], True),
        ([[1, 1, 0], [0, 1, 0]], False),
        ([[2, -1]], False),
        ([1, 1, 1], False),
    ],
)
def test_rows_that_name_one_class(y, expected):
    assert is_one_hot(y) is expected
