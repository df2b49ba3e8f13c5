import numpy as np
import pytest

from kerasrecipes.diagnosis import TargetScale, estimate_error, measure_error

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(40,), (40, 1), (40, 3)])
def test_the_relative_squared_error_compares_with_the_training_mean(shape):
    train, y = RANDOM.normal(2, 3, size=(100, *shape[1:])), RANDOM.normal(3, 2, size=shape)
    predictions = y + RANDOM.normal(size=shape)
    found = measure_error("relative_squared_error", y, predictions, scale=TargetScale.of(train))
    spread = train.var(axis=0)
    expected = ((y - predictions) ** 2 / spread).sum() / (
        (y - train.mean(axis=0)) ** 2 / spread
    ).sum()
    assert found.error == pytest.approx(expected)
    assert found.low < found.error < found.high


@pytest.mark.parametrize("column", [False, True])
def test_flat_targets_fit_a_column_of_predictions(column):
    y, train = RANDOM.normal(size=30), RANDOM.normal(size=50)
    scale = TargetScale.of(train[:, None] if column else train)
    found = measure_error("relative_squared_error", y, (y + 1)[:, None], scale=scale)
    assert found.error == pytest.approx(30 / ((y - train.mean()) ** 2).sum())


def test_predicting_the_mean_has_an_error_of_one():
    y = RANDOM.normal(size=50)
    found = measure_error(
        "relative_squared_error", y, np.full(50, y.mean()), scale=TargetScale.of(y)
    )
    assert found[:3] == pytest.approx((1.0, 1.0, 1.0))


def test_a_constant_target_is_not_divided_by_zero():
    scale = TargetScale.of(np.array([[1.0, 5.0], [3.0, 5.0]]))
    assert scale.mean.tolist() == [2.0, 5.0]
    assert scale.variance.tolist() == [1.0, 1.0]
    assert np.isfinite(
        measure_error(
            "relative_squared_error",
            np.full(4, 5.0),
            np.full(4, 6.0),
            scale=TargetScale.of(np.full(3, 5.0)),
        ).error
    )


def test_other_metrics_are_the_mean_of_the_examples_errors():
    y, outputs = np.array([0, 1, 1, 0]), np.array([0.2, 0.9, 0.3, 0.1])
    assert measure_error("error_rate", y, outputs) == estimate_error(np.array([0.0, 0, 1, 0]))


def test_the_relative_squared_error_needs_a_scale():
    with pytest.raises(ValueError, match=r"`scale` must be given.* Received: scale=None"):
        measure_error("relative_squared_error", np.ones(3), np.ones(3))
