import datetime

import numpy as np
import pandas
import pytest

from kerasrecipes.data import DataError
from kerasrecipes.data.columns import (
    CategoryColumn,
    NumberColumn,
    column_from_dict,
    column_keys,
    column_numbers,
)


@pytest.mark.parametrize(
    "values",
    [
        pandas.Series(["2020-01-02", None]),
        pandas.Series(["2020-01-02T01:00:00+01:00", None]),
        pandas.to_datetime(pandas.Series(["2020-01-02", None])),
        pandas.to_datetime(pandas.Series(["2020-01-02", None])).astype("datetime64[ns]"),
        pandas.to_datetime(pandas.Series(["2020-01-02 01:00+01:00", None])),
        pandas.Series([datetime.date(2020, 1, 2), None]),
    ],
)
def test_dates_are_seconds_since_1970_whatever_their_type(values):
    seconds = column_numbers(values, "date", None)
    np.testing.assert_array_equal(seconds, [1577923200.0, np.nan])


def test_durations_are_seconds():
    values = pandas.to_timedelta(pandas.Series(["1 day", None, "1.5s"]))
    np.testing.assert_array_equal(column_numbers(values, "duration", None), [86400, np.nan, 1.5])


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float32", "Float64", "object", "uint8"])
def test_numbers_of_any_dtype_are_read(dtype):
    np.testing.assert_array_equal(
        column_numbers(pandas.Series([1, 2], dtype=dtype), "number", None), [1.0, 2.0]
    )


def test_missing_numbers_of_a_nullable_dtype_are_nan():
    values = pandas.Series([1, None], dtype="Int64")
    np.testing.assert_array_equal(column_numbers(values, "number", None), [1.0, np.nan])


def test_text_with_a_style_is_missing_where_it_cannot_be_read():
    values = pandas.Series(["1,5", "unknown"], name="a")
    np.testing.assert_array_equal(column_numbers(values, "number", "decimal commas"), [1.5, np.nan])
    dates = pandas.Series(["2020-01-02", "unknown"], name="a")
    np.testing.assert_array_equal(column_numbers(dates, "date", "ISO 8601"), [1577923200.0, np.nan])


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (pandas.Series(["1", "abc"], name="a"), "number", "column `a` holds `abc` in row 2"),
        (pandas.Series(["soon"], name="a"), "date", "column `a` holds a value that is no date"),
        (
            pandas.Series(["x"], name="a"),
            "duration",
            "a value that is no duration",
        ),
    ],
)
def test_text_without_a_style_is_refused_where_it_cannot_be_read(values, kind, message):
    with pytest.raises(DataError, match=message):
        column_numbers(values, kind, None)


@pytest.mark.parametrize("value", [np.inf, 1e39])
def test_numbers_beyond_float32_are_refused(value):
    with pytest.raises(DataError, match=r"column `a` holds .*: divide it by a constant"):
        NumberColumn("a", 0.0).transform(pandas.Series([value]))


def test_whole_numbers_are_one_category_in_any_dtype():
    keys = [column_keys(pandas.Series([1, 2], dtype=d)) for d in ("int64", "float64", "category")]
    assert keys == [["1", "2"]] * 3


@pytest.mark.parametrize(
    ("other", "missing", "rows"),
    [
        (False, False, [[0, 1], [0, 0], [0, 0]]),
        (True, False, [[0, 1, 0], [0, 0, 1], [0, 0, 0]]),
        (False, True, [[0, 1, 0], [0, 0, 0], [0, 0, 1]]),
        (True, True, [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
    ],
)
def test_unseen_and_missing_categories_set_their_output_if_there_is_one(other, missing, rows):
    column = CategoryColumn("a", ("u", "v"), other, missing)
    assert column.transform(pandas.Series(["v", "new", None])).tolist() == rows
    assert len(column.feature_names) == len(rows[0])


@pytest.mark.parametrize(
    "column",
    [
        NumberColumn("a", 1.5, True, "number", "plain"),
        NumberColumn("a", 2.0, False, "date"),
        CategoryColumn("a", ("u", "v"), True, False),
    ],
)
def test_a_column_survives_its_dict(column):
    assert column_from_dict(column.to_dict()) == column
