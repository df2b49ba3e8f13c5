import pytest

from kerasrecipes.data import DataError


@pytest.mark.parametrize("message", ["a\nb", "a \r\n  b", "a\tb"])
def test_the_message_is_one_line_whatever_is_in_it(message):
    assert str(DataError(message)) == "a b"


def test_it_is_a_value_error():
    assert issubclass(DataError, ValueError)
