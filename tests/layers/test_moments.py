import math

import numpy as np
import pytest

from kerasrecipes.layers.moments import BLOCK_ELEMENTS, Moments, gathered


def reference(columns):
    """Mean and population variance in exact sums, column by column."""
    means, variances = [], []
    for column in np.asarray(columns, "float64").T:
        mean = math.fsum(column) / len(column)
        means.append(mean)
        variances.append(math.fsum((value - mean) ** 2 for value in column) / len(column))
    return np.array(means), np.array(variances)


def random_rows(mean, deviation, rows=3000, columns=3, dtype="float32"):
    return np.random.default_rng(0).normal(mean, deviation, (rows, columns)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16", "int64", "uint8"])
def test_moments_agree_with_exact_sums(dtype):
    rows = (random_rows(100, 20)).astype(dtype)
    moments = Moments().update(rows)
    mean, variance = reference(rows)
    np.testing.assert_allclose(moments.mean, mean, rtol=1e-14)
    np.testing.assert_allclose(moments.variance, variance, rtol=1e-12)
    assert moments.count == len(rows)


@pytest.mark.parametrize(
    ("mean", "deviation"), [(1e4, 0.1), (1.7e9, 1e6), (-1e6, 1.0), (0.0, 1.0), (1e-3, 1e-9)]
)
def test_a_large_mean_costs_no_digits(mean, deviation):
    rows = random_rows(mean, deviation)
    np.testing.assert_allclose(Moments().update(rows).variance, reference(rows)[1], rtol=1e-9)


def test_an_outlier_in_the_first_row_costs_no_digits():
    rows = random_rows(5, 0.1, dtype="float64")
    rows[0] = 1e9
    np.testing.assert_allclose(Moments().update(rows).variance, reference(rows)[1], rtol=1e-9)


def test_a_level_that_moves_between_blocks_costs_no_digits():
    rows = np.arange(30_000, dtype="float64")[:, None] * 1e6 + random_rows(0, 1, 30_000, 2)
    np.testing.assert_allclose(Moments().update(rows).variance, reference(rows)[1], rtol=1e-12)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("columns", [1, 7, 600])
def test_any_width_and_memory_order_gives_the_same_moments(columns, order):
    rows = np.asarray(random_rows(3, 2, rows=501, columns=columns), order=order)
    mean, variance = reference(rows)
    moments = Moments().update(rows)
    np.testing.assert_allclose(moments.mean, mean, rtol=1e-11)
    np.testing.assert_allclose(moments.variance, variance, rtol=1e-11)


def test_many_blocks_and_batches_agree_with_one_array():
    rows = random_rows(50, 4, rows=BLOCK_ELEMENTS, columns=2)
    whole, parts = Moments().update(rows), Moments()
    for part in np.array_split(rows, 17):
        parts.update(part)
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-14)
    np.testing.assert_allclose(parts.variance, whole.variance, rtol=1e-12)


def test_merge_is_the_same_as_seeing_both():
    rows = random_rows(1e4, 0.1)
    merged = Moments().update(rows[:1000]).merge(Moments().update(rows[1000:]))
    np.testing.assert_allclose(merged.variance, reference(rows)[1], rtol=1e-10)
    assert merged.count == 3000


def test_merge_with_nothing_changes_nothing_either_way():
    rows = random_rows(3, 1)
    full = Moments().update(rows)
    expected = full.mean.copy()
    assert full.merge(Moments()).count == 3000
    np.testing.assert_array_equal(Moments().merge(full).mean, expected)


def test_merge_leaves_the_other_as_it_is():
    other = Moments().update(random_rows(3, 1))
    expected = other.mean.copy()
    Moments().merge(other).update(random_rows(9, 1))
    np.testing.assert_array_equal(other.mean, expected)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_repeated_value_has_no_variance_at_all(dtype):
    moments = Moments()
    for rows in (1, 7, 40_000):
        moments.update(np.full((rows, 2), 0.1, dtype))
    assert moments.variance.tolist() == [0.0, 0.0]
    assert moments.mean.tolist() == [float(np.array(0.1, dtype))] * 2
    assert moments.constant.all()


def test_two_neighbouring_floats_count_as_constant_and_integers_do_not():
    value = np.float32(1000.1)
    noise = np.array([[value], [np.nextafter(value, np.float32(2000))]] * 50)
    assert Moments().update(noise).constant.tolist() == [True]
    assert Moments().update(np.array([[10**9], [10**9 + 1]])).constant.tolist() == [False]


def test_not_finite_values_are_refused_with_their_columns():
    rows = random_rows(0, 1, columns=4)
    rows[17, 1], rows[5, 3] = np.nan, np.inf
    with pytest.raises(ValueError, match="NaN or infinity in columns 1, 3"):
        Moments().update(rows)


def test_many_bad_columns_are_counted_not_listed():
    with pytest.raises(ValueError, match="columns 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 5 more"):
        Moments().update(np.full((2, 15), np.nan))


def test_values_whose_squares_overflow_are_refused():
    with pytest.raises(ValueError, match=r"below 1e150.*column height"):
        Moments(["width", "height"].__getitem__).update(np.array([[1.0, 1e200], [2.0, 0.0]]))


def test_another_number_of_columns_is_refused_with_both_numbers():
    with pytest.raises(ValueError, match=r"seen so far, 3.*Received: 2 columns"):
        Moments().update(np.ones((4, 3))).update(np.ones((4, 2)))
    with pytest.raises(ValueError, match=r"`other`.*seen so far, 3.*Received: 2 columns"):
        Moments().update(np.ones((4, 3))).merge(Moments().update(np.ones((4, 2))))


def test_only_a_matrix_is_a_batch():
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        Moments().update(np.ones(3))


def test_gathered_joins_small_batches_of_one_dtype_only():
    batches = [np.ones((2, 3)), np.zeros((1, 3)), np.ones((2, 3), "float32")]
    blocks = list(gathered(batches))
    assert [(block.shape, block.dtype.name) for block in blocks] == [
        ((3, 3), "float64"),
        ((2, 3), "float32"),
    ]
    np.testing.assert_array_equal(blocks[0], np.concatenate(batches[:2]))


def test_gathered_passes_large_batches_on_without_a_copy():
    large = np.ones((BLOCK_ELEMENTS, 1))
    assert [block is large for block in gathered([large, large])] == [True, True]
