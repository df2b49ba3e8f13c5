import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasrecipes.data import DataError
from kerasrecipes.data.grouping import grouped_parts

FRACTIONS = (0.6, 0.2, 0.2)


def sizes_of(group_sizes, fractions=FRACTIONS, seed=0):
    groups = np.repeat(np.arange(len(group_sizes)), group_sizes)
    parts = grouped_parts(groups, None, fractions, np.random.default_rng(seed))
    for group in range(len(group_sizes)):
        assert len(set(parts[groups == group])) == 1
    return np.bincount(parts, minlength=3)


def best_distance(group_sizes):
    """The smallest sum of squared differences over every way to deal the groups out."""
    wanted = np.array(FRACTIONS) * sum(group_sizes)
    deals = itertools.product(range(3), repeat=len(group_sizes))
    found = (np.bincount(deal, group_sizes, minlength=3) for deal in deals if len(set(deal)) == 3)
    return min(((sizes - wanted) ** 2).sum() for sizes in found)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=3, max_size=40), st.integers(0, 3))
def test_groups_stay_together_and_no_part_is_empty(group_sizes, seed):
    sizes = sizes_of(group_sizes, seed=seed)
    assert sizes.min() >= 1
    assert sizes.sum() == sum(group_sizes)


@pytest.mark.parametrize("seed", range(6))
def test_sizes_come_near_the_best_of_all_deals(seed):
    group_sizes = np.random.default_rng(seed).integers(1, 30, 8)
    wanted = np.array(FRACTIONS) * group_sizes.sum()
    found = ((sizes_of(group_sizes, seed=seed) - wanted) ** 2).sum()
    assert np.sqrt(found) <= np.sqrt(best_distance(group_sizes)) + 0.03 * group_sizes.sum()


@pytest.mark.parametrize(
    ("group_sizes", "sizes"),
    [([6, 2, 2], [6, 2, 2]), ([100, 1, 1], [100, 1, 1]), ([1] * 50, [30, 10, 10])],
)
def test_known_groups_are_dealt_as_by_hand(group_sizes, sizes):
    assert sizes_of(group_sizes).tolist() == sizes


def test_many_groups_meet_the_sizes_within_a_row_or_two():
    group_sizes = np.random.default_rng(0).integers(1, 10, 2000)
    wanted = np.array(FRACTIONS) * group_sizes.sum()
    assert np.abs(sizes_of(group_sizes) - wanted).max() <= 2


def test_classes_are_balanced_among_the_groups():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(100), 10)
    labels = np.repeat((np.arange(100) % 10 == 0).astype("int64"), 10)
    parts = grouped_parts(groups, labels, FRACTIONS, rng)
    shares = [labels[parts == part].mean() for part in range(3)]
    assert shares == pytest.approx([0.1, 0.1, 0.1], abs=0.02)


def test_a_part_of_fraction_zero_stays_empty():
    assert sizes_of([3, 3, 3, 3], (0.75, 0.0, 0.25)).tolist() == [9, 0, 3]


def test_fewer_groups_than_parts_are_refused():
    with pytest.raises(DataError, match="2 groups are fewer than the 3 parts"):
        sizes_of([5, 5])
    with pytest.raises(DataError, match="1 group is fewer than the 3 parts"):
        sizes_of([5])
