import numpy as np
import pytest

from kerasrecipes.data import DataError
from kerasrecipes.data.inputs import as_inputs


@pytest.mark.parametrize(
    ("shape", "image_shape"),
    [
        ((5, 3), None),
        ((5, 8, 6), (8, 6, 1)),
        ((5, 8, 6, 1), (8, 6, 1)),
        ((5, 8, 6, 3), (8, 6, 3)),
        ((5, 8, 6, 4), (8, 6, 4)),
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float32", "float64", "bool"])
def test_images_are_told_by_their_shape(shape, image_shape, dtype):
    inputs = as_inputs(np.ones(shape, dtype))
    assert inputs.image_shape == image_shape
    assert inputs.x.shape == shape
    assert inputs.x.dtype == ("uint8" if dtype == "uint8" and image_shape else "float32")


def test_one_number_for_each_example_becomes_a_column():
    assert as_inputs(np.arange(4)).x.shape == (4, 1)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([["a"]]), "`x` holds <U1, not numbers"),
        (np.ones((2, 2), complex), "`x` holds complex128, not numbers"),
        (np.ones((0, 3)), r"`x` has shape \(0, 3\) and so no values"),
        (np.ones((4, 3, 8, 8)), r"shape \(4, 3, 8, 8\).*numpy.moveaxis\(x, 1, -1\)"),
        (np.ones((4, 5, 8, 8)), "flatten each example"),
        (np.ones((2, 2, 2, 2, 3)), "flatten each example"),
        (np.array([[1.0], [np.inf]]), r"not finite: inf at index \(1, 0\)"),
        (np.array([[1.0], [-1e300]]), "`x` holds 1e[+]300, more than float32 can"),
    ],
)
def test_other_arrays_are_refused(x, message):
    with pytest.raises(DataError, match=message):
        as_inputs(x)
