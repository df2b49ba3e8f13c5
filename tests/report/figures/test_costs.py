import numpy as np
import pytest

from kerasrecipes.report import figures
from tests.report.drawn import shapes, words_of

TRAIN, DEV = "#2457b8", "#b54a04"


def lines(figure, colour):
    """The curves of that colour, without markers and the legend's short lines."""
    return [points for points in shapes(figure, colour) if np.ptp(points[:, 0]) > 30]


def test_each_step_has_a_panel_with_both_curves():
    steps = [figures.StepCurves(name, [3, 2, 1], [3, 2.5, 2]) for name in "abcde"]
    figure = figures.cost_curves(steps)
    assert [text for text in words_of(figure) if text[1:2] == " "] == [
        "1 a", "2 b", "3 c", "4 d", "5 e"
    ]  # fmt: skip
    assert len(lines(figure, TRAIN)) == len(lines(figure, DEV)) == 5


def test_all_panels_share_the_axis_of_the_cost():
    figure = figures.cost_curves([("a", [4, 2], []), ("b", [3, 1], [])])
    (first, second) = lines(figure, TRAIN)
    heights = [*first[:, 1], *second[:, 1]]
    # Evenly spaced costs 4, 3, 2, 1 lie evenly spaced, whichever panel they are in.
    assert np.diff(sorted(heights)) == pytest.approx(np.ptp(heights) / 3, abs=0.02)


def test_the_cost_is_logarithmic_when_its_range_demands():
    figure = figures.cost_curves([("a", [100, 10, 1], [])])
    (line,) = lines(figure, TRAIN)
    assert np.diff(line[:, 1]) == pytest.approx(np.ptp(line[:, 1]) / 2, abs=0.02)
    assert "cost, log scale" in words_of(figure)


def test_a_gap_in_the_record_is_a_gap_in_the_line():
    figure = figures.cost_curves([("a", [5, 4, np.nan, 2, 1], [])])
    assert len(lines(figure, TRAIN)) == 1
    assert "M" in figure.image
    (points,) = lines(figure, TRAIN)
    assert len(points) == 4


def test_words_tell_the_last_train_and_the_lowest_dev_cost():
    figure = figures.cost_curves([("a", [0.9, 0.4, np.nan], [1.0, 0.61, 0.7]), ("b", [], [])])
    assert "1 a: train 0.4, lowest dev 0.61 at epoch 2. 2 b: nothing recorded." in figure.alt


def test_of_many_steps_the_latest_are_drawn_and_the_caption_says_so():
    figure = figures.cost_curves([("x", [2, 1], [2, 1])] * 17)
    assert "Of 17 steps the first 2 are not drawn." in figure.caption
    assert {"3 x", "17 x"} <= set(words_of(figure))
    assert "2 x" not in words_of(figure)


def test_cost_curves_need_room_for_a_step():
    with pytest.raises(ValueError, match=r"at least 1. Received: max_steps=0"):
        figures.cost_curves([], max_steps=0)


def test_the_penalty_is_added_to_the_cost():
    figure = figures.cost_with_penalty([3, 2, 1], [1, 1, 1])
    (total,), (bare,) = lines(figure, TRAIN), lines(figure, DEV)
    step = bare[1, 1] - bare[0, 1]
    assert bare[:, 1] - total[:, 1] == pytest.approx(step, abs=0.02)
    assert figure.alt == "Cost by epoch, at the end 2 with the penalty and 1 without."


def test_cost_and_penalty_must_be_of_one_length():
    with pytest.raises(ValueError, match=r"Received: 3 costs and 2 penalties"):
        figures.cost_with_penalty([3, 2, 1], [1, 1])
