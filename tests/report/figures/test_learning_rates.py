import numpy as np
import pytest

from kerasrecipes.report import figures
from tests.report.drawn import shapes, text_position, words_of

LINE, SUGGESTION = "#2457b8", "#b54a04"


def test_the_suggested_rate_is_marked_where_it_lies():
    figure = figures.learning_rate_finder([1e-4, 1e-3, 1e-2, 1e-1], [2, 1.5, 1, 3], None, 1e-3)
    (mark,) = shapes(figure, SUGGESTION)
    (curve,) = shapes(figure, LINE)
    assert mark[:, 0] == pytest.approx(curve[1, 0], abs=0.02)
    assert "suggested rate 0.001" in words_of(figure)


@pytest.mark.parametrize("suggestion", [None, float("nan"), 0.0, -1.0])
def test_no_suggestion_is_said_and_not_marked(suggestion):
    figure = figures.learning_rate_finder([1e-4, 1e-3], [2, 1], None, suggestion)
    assert "no rate suggested" in words_of(figure)
    assert shapes(figure, SUGGESTION) == []


def test_the_climb_of_a_diverging_cost_is_cut_off():
    rates = np.geomspace(1e-5, 1, 6)
    plain = figures.learning_rate_finder(rates, [2.0, 2.0, 1.5, 1.0, 1.2, 2.2])
    figure = figures.learning_rate_finder(rates, [2.0, 2.0, 1.5, 1.0, 1.2, 1e6])
    (line,), (expected,) = shapes(figure, LINE), shapes(plain, LINE)
    # The part that decides has kept most of its height.
    assert np.ptp(line[:4, 1]) > 0.6 * np.ptp(expected[:4, 1])


def test_smoothed_costs_are_drawn_over_the_pale_ones():
    figure = figures.learning_rate_finder([1e-3, 1e-2], [2, 1], [2, 1.5], 1e-3)
    assert len(shapes(figure, "#b3c4e6")) == len(shapes(figure, LINE)) == 1
    assert "pale, before averaging" in figure.caption


def test_batches_without_a_positive_rate_or_a_cost_are_left_out():
    figure = figures.learning_rate_finder([0, 1e-3, 1e-2, 1e-1], [9, 2, 1, np.nan])
    assert figure.alt == "Cost against learning rate from 0.001 to 0.01; no rate suggested."


def test_the_finders_series_must_be_of_one_length():
    with pytest.raises(ValueError, match=r"Received: 2 rates, 1 costs and 3 smoothed costs"):
        figures.learning_rate_finder([1, 2], [1], [1, 2, 3])


def test_the_rate_of_each_epoch_lies_at_its_height():
    figure = figures.learning_rate_curve([0.4, 0.2, 0.1])
    (line,) = [points for points in shapes(figure, LINE) if np.ptp(points[:, 0]) > 30]
    zero = text_position(figure, "0.0")[1] - text_position(figure, "0.1")[1]
    assert line[1, 1] - line[0, 1] == pytest.approx(2 * zero, abs=0.05)
    assert line[2, 1] - line[1, 1] == pytest.approx(zero, abs=0.05)


def test_rates_over_a_wide_range_are_drawn_on_a_log_scale():
    figure = figures.learning_rate_curve(np.geomspace(1e-1, 1e-4, 4))
    assert "learning rate, log scale" in words_of(figure)
    assert figure.alt == "Learning rate by epoch, from 0.1 to 10⁻⁴ over 4 epochs."
