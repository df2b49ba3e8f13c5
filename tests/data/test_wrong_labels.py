"""Labels made wrong on purpose: as many as asked for, each by another class that occurs."""

import numpy as np
import pytest

from kerasrecipes.data import with_wrong_labels

DIGITS = np.arange(60) % 10


@pytest.mark.parametrize("count", [0, 1, 17, 60])
def test_so_many_labels_are_wrong_and_all_are_classes(count):
    changed = with_wrong_labels(DIGITS, count, seed=3)
    assert (changed != DIGITS).sum() == count
    assert set(changed) <= set(DIGITS)
    assert changed.dtype == DIGITS.dtype


def test_the_labels_that_were_given_stay():
    y = DIGITS.copy()
    with_wrong_labels(y, 30)
    assert (y == DIGITS).all()


def test_the_seed_decides():
    first, again, other = (with_wrong_labels(DIGITS, 20, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_every_other_class_is_as_likely():
    y = np.repeat(np.arange(3), 3000)
    changed = with_wrong_labels(y, len(y))
    shares = np.bincount((changed - y) % 3) / len(y)
    assert shares == pytest.approx([0, 0.5, 0.5], abs=0.02)


@pytest.mark.parametrize("y", [["cat", "dog", "cat"], [True, False, True], [-5, 7, 7]])
def test_two_classes_of_any_kind_change_places(y):
    changed = with_wrong_labels(y, 3)
    assert all(new != old for new, old in zip(changed, y, strict=True))
    assert set(changed) <= set(y)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0.1, 0.9], 1), r"`y` must hold labels.*shape \(2,\) and dtype float64"),
        (([[1, 0], [0, 1]], 1), r"`y` must hold labels.*shape \(2, 2\)"),
        (([0, 1], 3), r"`count` must be from 0 to 2.*count=3"),
        (([0, 1], -1), r"`count` must be from 0 to 2.*count=-1"),
        (([0, 1], 0.5), r"`count` must be an integer.*count=0\.5"),
        (([0, 1], True), r"`count` must be an integer.*count=True"),
        (([4, 4], 1), r"two classes or more.*Received: 1"),
        (([], 0), r"`y` must hold labels"),
    ],
)
def test_what_cannot_be_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        with_wrong_labels(*arguments)


def test_a_seed_below_0_is_refused():
    with pytest.raises(ValueError, match="seed=-1"):
        with_wrong_labels([0, 1], 1, seed=-1)
