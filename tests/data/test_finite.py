import numpy as np
import pytest

from kerasrecipes.data import DataError, finite


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (3, 1), (6, 2)])
def test_the_place_of_the_first_wrong_value_is_told(monkeypatch, value, place):
    monkeypatch.setattr(finite, "BLOCK", 6)  # two rows a block
    values = np.ones((7, 3))
    values[place] = value
    with pytest.raises(DataError, match=rf"`x` .* {value} at index \({place[0]}, {place[1]}\)"):
        finite.require_finite(values, "x")


def test_one_dimension_is_told_as_one_number():
    with pytest.raises(DataError, match="at index 2 "):
        finite.require_finite(np.array([0.0, 1.0, np.nan]), "y")


@pytest.mark.parametrize("values", [np.ones((4, 2)), np.arange(3), np.array(["a"]), np.ones(0)])
def test_finite_values_pass(values):
    finite.require_finite(values, "x")
