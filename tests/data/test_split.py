import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasrecipes.data import DataError, Split, load, train_dev_test_split


@settings(max_examples=50, deadline=None)
@given(
    m=st.integers(3, 200),
    classes=st.integers(1, 20),
    stratify=st.sampled_from([True, False, "auto"]),
    grouped=st.booleans(),
    seed=st.integers(0, 99),
)
def test_every_row_is_in_exactly_one_part_with_its_own_target(m, classes, stratify, grouped, seed):
    x = np.arange(m)
    y = x * 7 % classes
    groups = x % max(3, m // 4) if grouped else None
    split = train_dev_test_split(x, y, stratify=stratify, groups=groups, seed=seed)
    assert isinstance(split, Split)
    assert sorted(np.concatenate([part_x for part_x, _ in split])) == list(range(m))
    for part_x, part_y in split:
        assert len(part_x) >= 1
        np.testing.assert_array_equal(part_y, part_x * 7 % classes)
    if grouped:
        sides = [set(groups[part_x]) for part_x, _ in split]
        assert sum(map(len, sides)) == len(set.union(*sides))


def test_digits_are_divided_60_20_20_with_every_class_in_its_share():
    x, y = load("digits")
    split = train_dev_test_split(x, y)
    assert [len(part) for _, part in split] == [1078, 360, 359]
    for _, part in split:
        shares = np.bincount(part) / len(part)
        np.testing.assert_allclose(shares, np.bincount(y) / len(y), atol=0.003)


@pytest.mark.parametrize("groups", [None, np.arange(50) // 5])
@pytest.mark.parametrize("stratify", [True, False])
def test_the_seed_decides_the_parts_to_the_bit(groups, stratify):
    x, y = np.arange(50), np.arange(50) % 2
    options = {"groups": groups, "stratify": stratify}
    one, two, other = (
        train_dev_test_split(x, y, seed=seed, **options).train[0].tolist() for seed in (1, 1, 2)
    )
    assert one == two
    assert one != other


def test_the_global_random_state_is_left_alone():
    np.random.seed(5)
    before = np.random.get_state()[1].copy()
    train_dev_test_split(np.arange(20), np.arange(20) % 2)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_frames_and_series_keep_type_and_index():
    x = pandas.DataFrame({"a": np.arange(10)}, index=list("abcdefghij"))
    y = pandas.Series(["u", "v"] * 5, index=x.index)
    train_x, train_y = train_dev_test_split(x, y).train
    assert isinstance(train_x, pandas.DataFrame)
    assert train_x.index.tolist() == train_y.index.tolist()
    assert [x.index[a] for a in train_x["a"]] == train_x.index.tolist()


def test_frames_may_have_missing_values():
    x = pandas.DataFrame({"a": [np.nan] * 10})
    assert len(train_dev_test_split(x, np.arange(10)).train[0]) == 6


@pytest.mark.parametrize("shape", [(10,), (10, 2), (10, 3, 4), (10, 3, 4, 1)])
def test_arrays_of_any_rank_are_divided(shape):
    train_x, _ = train_dev_test_split(np.zeros(shape, "uint8"), np.arange(10)).train
    assert (train_x.shape, train_x.dtype) == ((6, *shape[1:]), "uint8")


def test_lists_become_arrays():
    x, y = train_dev_test_split([[i, i] for i in range(5)], ["a"] * 5).test
    assert (x.shape, y.tolist()) == ((1, 2), ["a"])


def test_a_fraction_of_zero_gives_an_empty_part():
    split = train_dev_test_split(np.eye(10), np.arange(10), (0.8, 0.0, 0.2))
    assert [len(part) for _, part in split] == [8, 0, 2]
    assert split.dev[0].shape == (0, 10)


TEN = np.arange(10.0)


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (np.arange(9), TEN, {}, "`x` has 9 rows and `y` has 10"),
        (TEN, TEN, {"groups": [1, 2]}, "`x` has 10 rows and `groups` has 2"),
        (TEN[:2], TEN[:2], {}, "2 rows are fewer than the 3 parts"),
        (TEN[:0], TEN[:0], {}, "have no rows"),
        (np.float64(1), TEN, {}, "`x` is a single value"),
        ([[1], [1, 2]], [1, 2], {}, "`x` has rows of different shapes"),
        (np.where(TEN == 3, np.nan, TEN), TEN, {}, "`x` .* nan at index 3"),
        (TEN, np.where(TEN == 4, np.inf, TEN), {}, "`y` .* inf at index 4"),
    ],
)
def test_data_that_cannot_be_divided_is_refused(x, y, options, message):
    with pytest.raises(DataError, match=message):
        train_dev_test_split(x, y, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fractions": (0.5, 0.3, 0.3)}, "add up to 1.1"),
        ({"fractions": (1.1, -0.1, 0.0)}, "must lie in 0 to 1"),
        ({"stratify": "maybe"}, "stratify='maybe'"),
        ({"groups": np.ones((10, 2))}, r"`groups` must be one .* shape \(10, 2\)"),
        ({"seed": -1}, "Received: seed=-1"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        train_dev_test_split(TEN, TEN, **options)
