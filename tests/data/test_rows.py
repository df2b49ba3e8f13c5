import numpy as np
import pandas
import pytest

from kerasrecipes.data import DataError
from kerasrecipes.data.rows import as_rows, check_lengths, take_rows


def test_pandas_stays_pandas_and_all_else_becomes_an_array():
    frame = pandas.DataFrame({"a": [1]})
    assert as_rows(frame, "x") is frame
    assert isinstance(as_rows((1, 2), "x"), np.ndarray)


def test_rows_are_taken_by_position_not_by_index():
    series = pandas.Series(["u", "v", "w"], index=[2, 1, 0])
    assert take_rows(series, np.array([0, 2])).tolist() == ["u", "w"]


def test_equal_lengths_pass_and_others_do_not():
    check_lengths(x=[1, 2], y=[3, 4])
    with pytest.raises(DataError, match="`x` has 2 rows and `groups` has 1:"):
        check_lengths(x=[1, 2], groups=[3])
