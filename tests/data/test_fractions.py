import numpy as np
import pytest

from kerasrecipes.data import DataError, split_fractions
from kerasrecipes.data.fractions import check_fractions, part_sizes


@pytest.mark.parametrize(
    ("m", "fractions"),
    [
        (1, (0.6, 0.2, 0.2)),
        (99_999, (0.6, 0.2, 0.2)),
        (100_000, (0.98, 0.01, 0.01)),
        (1_000_000, (0.98, 0.01, 0.01)),
        (1_000_001, (0.995, 0.0025, 0.0025)),
        (np.int64(500), (0.6, 0.2, 0.2)),
    ],
)
def test_fractions_are_those_of_the_course(m, fractions):
    assert split_fractions(m) == fractions
    assert sum(fractions) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("m", [0, -5, 1.5, "10", True])
def test_m_that_counts_nothing_is_refused(m):
    with pytest.raises(ValueError, match=f"`m` must be an integer >= 1.*Received: m={m!r}"):
        split_fractions(m)


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ((0.5, 0.5), "must be three"),
        ((0.5, 0.3, 0.1, 0.1), "must be three"),
        ((1.2, -0.1, -0.1), r"must lie in 0 to 1.*Received: fractions=\(1.2, -0.1, -0.1\)"),
        ((1.5, 0.0, 0.0), "must lie in 0 to 1"),
        ((float("nan"), 0.5, 0.5), "must lie in 0 to 1"),
        ((0.5, 0.3, 0.3), r"add up to 1.1\. Received: fractions=\(0.5, 0.3, 0.3\)"),
        ((0.6, 0.2, 0.2 - 2e-6), "add up to 0.999998"),
    ],
)
def test_wrong_fractions_are_refused(fractions, message):
    with pytest.raises(ValueError, match=message):
        check_fractions(fractions)


def test_fractions_may_miss_one_by_rounding():
    assert sum(check_fractions((0.7, 0.15, 0.15 + 5e-7))) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("m", "fractions", "sizes"),
    [
        (10, (0.6, 0.2, 0.2), [6, 2, 2]),
        (1797, (0.6, 0.2, 0.2), [1078, 360, 359]),
        (3, (0.98, 0.01, 0.01), [1, 1, 1]),
        (50, (0.98, 0.01, 0.01), [48, 1, 1]),
        (2, (0.5, 0.0, 0.5), [1, 0, 1]),
        (5, (0.0, 1.0, 0.0), [0, 5, 0]),
        (100_000, (0.98, 0.01, 0.01), [98_000, 1_000, 1_000]),
    ],
)
def test_sizes_add_up_and_leave_no_wanted_part_empty(m, fractions, sizes):
    assert part_sizes(m, fractions).tolist() == sizes


@pytest.mark.parametrize(
    ("m", "fractions", "message"),
    [
        (2, (0.6, 0.2, 0.2), "2 rows are fewer than the 3 parts"),
        (1, (0.5, 0.5, 0.0), "1 row is fewer than the 2 parts"),
    ],
)
def test_fewer_rows_than_parts_are_refused(m, fractions, message):
    with pytest.raises(DataError, match=message):
        part_sizes(m, fractions)
