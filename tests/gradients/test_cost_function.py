"""A split cost is the cost: around any point, moved by elements or along lines."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import backend
from kerasrecipes.gradients import cost_function
from kerasrecipes.gradients.cost_function import CostFunction
from kerasrecipes.gradients.traced import Traced

SHAPES = [(3,), (3, 2), (), (2,)]
RANDOM = np.random.default_rng(0)
VALUES = [RANDOM.normal(size=shape) for shape in SHAPES]


def cost(values):
    a, b, c, _ = values  # the last is not used
    return ops.sum(ops.tanh(ops.matmul(ops.exp(a), b)) * c) + ops.sum(a**2)


def in_numpy(a, b, c, _):
    return np.sum(np.tanh(np.exp(a) @ b) * c) + np.sum(a**2)


def moved(variable, change):
    return [v + change if i == variable else v for i, v in enumerate(VALUES)]


@pytest.fixture
def double():
    with backend.double_precision():
        yield


@pytest.fixture(params=["together", "apart", "large"])
def point(request, double, monkeypatch):
    monkeypatch.setattr(cost_function, "WORTH_A_LOOP", {"apart": -1}.get(request.param, 10**9))
    monkeypatch.setattr(cost_function, "LARGE", {"large": 0}.get(request.param, 10**9))
    return CostFunction(cost, SHAPES).at(VALUES)


def test_the_cost_and_its_gradients_at_a_point(point):
    assert point.cost == pytest.approx(in_numpy(*VALUES), rel=1e-14)
    a, b, c, _ = VALUES
    slope = (1 - np.tanh(np.exp(a) @ b) ** 2) * c
    expected = [2 * a + np.exp(a) * (b @ slope), np.outer(np.exp(a), slope)]
    for found, known in zip(point.gradients[:2], expected, strict=True):
        np.testing.assert_allclose(found, known, rtol=1e-12)
    assert [gradient.shape for gradient in point.gradients] == SHAPES
    assert not point.gradients[3].any()


def test_the_cost_after_one_element_is_changed(point):
    places = np.array([0, 2, 3, 8, 9, 10, 11] * 20)  # more than one call of the loop takes
    values = RANDOM.normal(size=len(places))
    found = point.after_elements(places, values)
    flat = np.concatenate([np.ravel(value) for value in VALUES])
    for place, value, after in zip(places, values, found, strict=True):
        there = flat.copy()
        there[place] = value
        pieces = np.split(there, np.cumsum([3, 6, 1]))
        pieces = [piece.reshape(shape) for piece, shape in zip(pieces, SHAPES, strict=True)]
        assert after == pytest.approx(in_numpy(*pieces), rel=1e-14)


@pytest.mark.parametrize("variable", range(4))
def test_the_cost_along_a_direction_of_one_variable(point, variable):
    direction = RANDOM.normal(size=SHAPES[variable])
    found = point.along(variable, direction, [0.5, -2.0])
    expected = [in_numpy(*moved(variable, step * direction)) for step in (0.5, -2.0)]
    assert found == pytest.approx(expected, rel=1e-14)


def test_the_cost_along_directions_of_all_variables(point):
    directions = [RANDOM.normal(size=shape) for shape in SHAPES]
    found = point.along_all(directions, [0.0, 0.3])
    there = [value + 0.3 * d for value, d in zip(VALUES, directions, strict=True)]
    assert found == pytest.approx([point.cost, in_numpy(*there)], rel=1e-14)


def test_what_a_point_keeps_is_its_own(double, monkeypatch):
    monkeypatch.setattr(cost_function, "WORTH_A_LOOP", -1)
    function = CostFunction(cost, SHAPES)
    first, second = function.at(VALUES), function.at([2 * value for value in VALUES])
    for point, factor in ((first, 1), (second, 2), (first, 1)):
        found = point.along(2, np.ones(()), [1.0])
        there = [factor * value for value in VALUES]
        there[2] = there[2] + 1
        assert found == pytest.approx([in_numpy(*there)], rel=1e-14)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="XLA splits by itself")
def test_operations_before_a_variable_are_left_to_the_prefix(double):
    _, suffixes = Traced(cost, SHAPES).split([[0], [1], [2], [0, 1, 2, 3]])
    of_a, of_b, of_c, of_all = (suffix.saved for suffix in suffixes)
    assert of_all == of_a == 0  # everything comes after `a`
    assert 0 < of_b < of_c
