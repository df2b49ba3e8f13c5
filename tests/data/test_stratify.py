import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasrecipes.data.fractions import part_sizes
from kerasrecipes.data.stratify import class_labels, stratified_parts

THIRDS = (0.6, 0.2, 0.2)


def counts(class_sizes, fractions=THIRDS, seed=0):
    labels = np.repeat(np.arange(len(class_sizes)), class_sizes)
    parts = stratified_parts(labels, fractions, np.random.default_rng(seed))
    return np.bincount(labels * 3 + parts, minlength=3 * len(class_sizes)).reshape(-1, 3)


@pytest.mark.parametrize(
    ("class_sizes", "expected"),
    [
        ([100, 50], [[60, 20, 20], [30, 10, 10]]),
        ([94, 3, 3], [[58, 18, 18], [1, 1, 1], [1, 1, 1]]),
        ([99, 1], [[59, 20, 20], [1, 0, 0]]),
    ],
)
def test_known_classes_are_divided_as_by_hand(class_sizes, expected):
    assert counts(class_sizes).tolist() == expected


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=30).filter(lambda sizes: sum(sizes) >= 3),
    st.sampled_from([THIRDS, (0.98, 0.01, 0.01), (0.4, 0.3, 0.3), (0.8, 0.0, 0.2)]),
)
def test_sizes_are_exact_whatever_the_classes(class_sizes, fractions):
    found = counts(class_sizes, fractions)
    assert found.sum(axis=1).tolist() == class_sizes
    assert found.sum(axis=0).tolist() == part_sizes(sum(class_sizes), fractions).tolist()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(3, 60), min_size=1, max_size=15))
def test_classes_of_three_or_more_are_in_every_part_where_the_sizes_allow(class_sizes):
    found = counts(class_sizes)
    if part_sizes(sum(class_sizes), THIRDS).min() >= len(class_sizes):
        assert found.min() >= 1
    assert np.abs(found - np.outer(class_sizes, THIRDS)).max() <= 2


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_single_rows_go_to_train_and_pairs_lie_on_two_sides(seed):
    found = counts([90, 1, 1, 2, 2], seed=seed)
    assert found[1:3].tolist() == [[1, 0, 0], [1, 0, 0]]
    assert found[3:].tolist() == [[1, 1, 0], [1, 0, 1]]


def test_more_classes_than_rows_of_dev_still_fill_every_part():
    assert counts([1] * 20).sum(axis=0).tolist() == [12, 4, 4]
    assert counts([2] * 500).sum(axis=0).tolist() == [600, 200, 200]


def test_many_classes_take_little_time():
    import time

    labels = np.random.default_rng(0).integers(0, 50_000, 200_000)
    start = time.process_time()
    stratified_parts(labels, (0.98, 0.01, 0.01), np.random.default_rng(0))
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("y", "stratify", "labels"),
    [
        (np.array(["b", "a"] * 2), "auto", [1, 0, 1, 0]),
        (np.array([True, False] * 2), "auto", [1, 0, 1, 0]),
        (np.array([9, 5] * 2), "auto", [1, 0, 1, 0]),
        (np.array([[9], [5]] * 2), "auto", [1, 0, 1, 0]),
        (np.eye(2)[[1, 0, 1, 0]], "auto", [1, 0, 1, 0]),
        (np.array(["b", "a"] * 2, dtype=object), "auto", [1, 0, 1, 0]),
        (np.array([9, 5, 7]), "auto", None),
        (np.array([9, 5, 7]), True, [2, 0, 1]),
        (np.array([2.0, 1.0] * 2), "auto", None),
        (np.array([2.0, 1.0] * 2), True, [1, 0, 1, 0]),
        (np.ones((4, 2)), "auto", None),
        (np.array(["b", "a"] * 2), False, None),
    ],
)
def test_labels_are_told_from_numbers(y, stratify, labels):
    found = class_labels(y, stratify)
    assert (None if found is None else found.tolist()) == labels


@pytest.mark.parametrize(
    ("y", "stratify", "message"),
    [
        (np.array([0.5, 1.5]), True, r"Received: y of shape \(2,\) and dtype float64"),
        (np.ones((2, 2)), True, r"y of shape \(2, 2\)"),
        (np.array([0, 1]), "yes", "Received: stratify='yes'"),
    ],
)
def test_what_cannot_be_balanced_is_refused(y, stratify, message):
    with pytest.raises(ValueError, match=message):
        class_labels(y, stratify)
