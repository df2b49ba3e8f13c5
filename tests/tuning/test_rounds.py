import json

import numpy as np
import pytest

from kerasrecipes.tuning.rounds import (
    Round,
    boxes_around,
    coarse_count,
    named_boxes,
    round_starts,
    sides,
)


@pytest.mark.parametrize(
    ("coarse", "rounds", "max_trials", "starts"),
    [
        (10, 4, 40, [0, 10, 20, 30]),
        (3, 3, 10, [0, 3, 6]),
        (5, 1, 40, [0]),
        (5, 4, None, [0, 5, 10, 15]),
    ],
)
def test_rounds_after_the_coarse_one_are_of_equal_length(coarse, rounds, max_trials, starts):
    assert round_starts(coarse, rounds, max_trials) == starts


def test_the_coarse_round_is_a_third_at_most():
    assert coarse_count(6, None, None) == coarse_count(6, 300, None) > 6
    assert coarse_count(30, 30, None) == 10
    assert coarse_count(30, 30, 25) == 25


def test_boxes_are_around_the_best_and_shrink_with_the_rounds():
    rows = np.array([[0.2, 0.5], [0.22, 0.5], [0.8, 0.4], [0.5, 0.5]])
    means = np.array([-2.0, -1.9, -1.0, 3.0])
    lengths, unordered = np.array([0.5, 0.5]), np.zeros(2, bool)
    first = boxes_around(rows, means, lengths, unordered, 1)
    later = boxes_around(rows, means, lengths, unordered, 3)
    assert len(first) == len(later) == 2
    for boxes in (first, later):
        assert np.all((boxes >= 0) & (boxes <= 1))
        np.testing.assert_array_less(boxes[0, :, 0], rows[0])
        np.testing.assert_array_less(rows[0], boxes[0, :, 1])
    assert np.all(np.diff(later[0]) < 0.5 * np.diff(first[0]) + 0.1)
    assert later[1, 0, 0] < 0.8 < later[1, 0, 1]  # the second best that the first does not hold


def test_what_does_not_matter_or_has_no_order_keeps_its_whole_range():
    boxes = boxes_around(
        np.array([[0.5, 0.5, 0.5]]), np.zeros(1), np.array([0.3, 9.0, 0.3]),
        np.array([False, False, True]), 3,
    )  # fmt: skip
    np.testing.assert_array_equal(boxes[0, 1:], [[0, 1], [0, 1]])
    assert np.diff(boxes[0, 0]) < 0.5


def test_a_round_survives_json():
    boxes = named_boxes(np.array([[[0.25, 0.5], [0.0, 1.0]]]), ["a", "b"])
    each = Round(2, 7, boxes)
    assert Round.from_json(json.loads(json.dumps(each.to_json()))) == each
    np.testing.assert_array_equal(sides(boxes, ["b", "a"]), [[[0, 1], [0.25, 0.5]]])


def test_a_new_hyperparameter_has_its_whole_range_and_a_shared_name_holds_both():
    boxes = named_boxes(np.array([[[0.1, 0.2], [0.5, 0.6]]]), ["a", "a"])
    assert boxes == ({"a": (0.1, 0.6)},)
    np.testing.assert_array_equal(sides(boxes, ["a", "new"]), [[[0.1, 0.6], [0, 1]]])
