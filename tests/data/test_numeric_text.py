import pandas
import pytest

from kerasrecipes.data.numeric_text import numeric_style, parse_numbers


@pytest.mark.parametrize(
    ("text", "style"),
    [
        (["1", "-2.5", "+3e4", ".5", "7."], "plain"),
        (["1,234", "12", "-1,234,567.8"], "thousands separators"),
        (["1,5", "12", "1.234,5"], "decimal commas"),
        ([" 1", "2 ", None], "plain"),
        (["1", "x"], None),
        (["12,34,5", "1"], None),
        (["1-2", "3"], None),
        (["nan", "1"], None),
        ([None, None], None),
        ([], None),
    ],
)
def test_the_style_is_the_first_that_reads_every_value(text, style):
    assert numeric_style(pandas.Series(text, dtype=object)) == style


@pytest.mark.parametrize(
    ("text", "style", "number"),
    [
        ("-2.5", "plain", -2.5),
        ("1,234,567.8", "thousands separators", 1234567.8),
        ("1.234,5", "decimal commas", 1234.5),
        ("0,25", "decimal commas", 0.25),
    ],
)
def test_numbers_are_read_in_their_style(text, style, number):
    assert parse_numbers(pandas.Series([text]), style).tolist() == [number]


@pytest.mark.parametrize("text", ["x", None, "1,5", ""])
def test_what_is_no_number_becomes_nan(text):
    assert pandas.isna(parse_numbers(pandas.Series([text, "2"], dtype=object), "plain")[0])
