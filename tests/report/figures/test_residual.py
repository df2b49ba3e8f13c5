import numpy as np
import pytest

from kerasrecipes.report import figures
from tests.report.drawn import words_of


def test_mean_and_root_mean_square_are_of_true_minus_predicted():
    rng = np.random.default_rng(0)
    true, predicted = rng.normal(3, 2, 50), rng.normal(1, 1, 50)
    rest = [t - p for t, p in zip(true, predicted, strict=True)]
    mean, root = sum(rest) / 50, (sum(r * r for r in rest) / 50) ** 0.5
    figure = figures.residuals(true, predicted)
    assert figure.alt == (
        f"Residuals of 50 predictions: mean {mean:.3g}, root mean square {root:.3g}."
    )


def test_each_pair_is_a_point():
    assert figures.residuals([1, 2, 4], [1, 1, 1]).image.count("<use") >= 3


def test_many_pairs_become_a_grid_of_densities():
    many = figures.residuals(np.arange(401), np.zeros(401))
    few = figures.residuals(np.arange(400), np.zeros(400))
    assert "data:image/png" in many.image
    assert "data:image/png" not in few.image


def test_pairs_with_a_missing_value_are_left_out_and_counted():
    figure = figures.residuals([1, np.nan, 3, 4], [1, 2, np.inf, 4])
    assert figure.alt.startswith("Residuals of 2 predictions")
    assert "2 pairs with missing values are left out." in figure.caption


def test_a_column_of_targets_meets_a_row_of_predictions():
    assert "Residuals of 2 predictions" in figures.residuals([[1], [2]], [1, 2]).alt


def test_the_axes_are_named():
    assert {"predicted", "true − predicted"} <= set(words_of(figures.residuals([1, 2], [2, 1])))


def test_targets_and_predictions_must_be_as_many():
    with pytest.raises(ValueError, match=r"Received: 3 true and 2 predicted values"):
        figures.residuals([1, 2, 3], [1, 2])
