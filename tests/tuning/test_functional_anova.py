"""Variances of functions on boxes against their known values and a slow reference."""

import itertools

import numpy as np
import pytest

from kerasrecipes.tuning.forest import Boxes, fit_forest
from kerasrecipes.tuning.functional_anova import main_effects, pair_effects


def grid_boxes(values):
    """The boxes of a function that is constant on an equal grid."""
    values = np.asarray(values, dtype=float)
    places = np.array(list(itertools.product(*map(range, values.shape))))
    sides = np.array(values.shape)
    return Boxes(places / sides, (places + 1) / sides, values.ravel())


def ends_and_value(boxes):
    return boxes.low, boxes.high, boxes.value


def slow_effects(values):
    """Main and pair effects of a function on an equal grid, by their definition."""
    values = values - values.mean()
    axes = range(values.ndim)
    main = [np.var(values.mean(axis=tuple(a for a in axes if a != i))) for i in axes]
    pair = np.zeros((values.ndim,) * 2)
    for i, j in itertools.combinations(axes, 2):
        both = np.var(values.mean(axis=tuple(a for a in axes if a not in (i, j))))
        pair[i, j] = pair[j, i] = both - main[i] - main[j]
    return np.array(main), pair


@pytest.mark.parametrize("shape", [(4,), (2, 4), (4, 8, 2), (2, 2, 4, 2)])
def test_effects_are_those_of_the_definition(shape):
    values = np.random.default_rng(0).normal(size=shape)
    main, pair = slow_effects(values)
    boxes = grid_boxes(values)
    np.testing.assert_allclose(main_effects(boxes), main, rtol=1e-10)
    np.testing.assert_allclose(pair_effects(boxes), pair, rtol=1e-4, atol=1e-6)


def test_boxes_of_several_trees_add_up():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 4)), rng.normal(size=(4, 8))
    parts = [grid_boxes(first), grid_boxes(second)]
    both = Boxes(*(np.concatenate(pair) for pair in zip(*map(ends_and_value, parts), strict=True)))
    total = np.kron(first, np.ones((2, 2))) + second
    np.testing.assert_allclose(main_effects(both), slow_effects(total)[0], rtol=1e-10)
    np.testing.assert_allclose(pair_effects(both), slow_effects(total)[1], rtol=1e-4, atol=1e-6)


def test_the_boxes_of_a_forest_are_its_function():
    rng = np.random.default_rng(2)
    units = rng.random((60, 3))
    forest = fit_forest(units, units[:, 0] * units[:, 1], rng, trees=8)
    points = rng.random((50, 3)).astype("float32").astype("float64")
    inside = (points[:, None] > forest.boxes.low) & (points[:, None] <= forest.boxes.high)
    summed = inside.all(axis=2) @ forest.boxes.value
    np.testing.assert_allclose(summed, forest.predict(points), rtol=1e-6, atol=1e-9)


def test_main_effects_of_a_forest_match_averages_over_many_points():
    rng = np.random.default_rng(3)
    units = rng.random((80, 2))
    forest = fit_forest(units, units[:, 0] ** 2 + 0.5 * units[:, 1], rng, trees=8)
    axis = (np.arange(400) + 0.5) / 400
    mesh = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    table = forest.predict(mesh).reshape(400, 400)
    expected = [table.mean(axis=1).var(), table.mean(axis=0).var()]
    np.testing.assert_allclose(main_effects(forest.boxes), expected, rtol=0.01)
