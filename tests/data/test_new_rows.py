"""What new rows hold that training did not see is told."""

import pandas
import pytest

from kerasrecipes.data.encoding import Encoding
from kerasrecipes.data.new_rows import remarks

TRAINING = pandas.DataFrame(
    {"size": [1.0, 2, 3], "when": ["2020-01-01", "2020-01-02", None], "flag": [True, False, True]}
)


def told(**changes):
    return remarks(Encoding.fit(TRAINING), TRAINING.assign(when="2020-01-01").assign(**changes))


def test_rows_like_those_of_the_training_need_no_remark():
    assert told() == ()


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("flag", [1, 0, 1], "3 of 3 rows hold what training did not see (1, 0), and count as no c"),
        ("flag", [None, True, False], "1 of 3 rows are without a value, as none in training was"),
        ("size", [None, 2.0, 3.0], "1 of 3 rows are without a value, filled with the median of"),
        (
            "when",
            ["soon", None, "2020-01-01"],
            "1 of 3 rows hold what is no date (soon), and count",
        ),
        ("when", ["soon", None, "2020-01-01"], "2 of 3 rows are without a value, filled with the"),
    ],
)
def test_what_has_to_be_guessed_is_told(column, values, expected):
    lines = told(**{column: values})
    assert any(line.startswith(f"column `{column}`: {expected}") for line in lines), lines


def test_only_the_first_values_are_shown():
    training = pandas.DataFrame({"pet": ["cat", "dog"] * 3})
    rows = pandas.DataFrame({"pet": ["a", "b", "c", "d", "a" * 99]})
    assert "(a, b, c, ...)" in remarks(Encoding.fit(training), rows)[0]


def test_what_training_pooled_or_marked_is_not_told():
    pets = [f"pet {i}" for i in range(31)] * 2 + [None]
    encoding = Encoding.fit(pandas.DataFrame({"pet": pets}))
    assert remarks(encoding, pandas.DataFrame({"pet": ["never seen", None]})) == ()
