"""The forest: what it explains, what it does with inactive coordinates, and its debiasing."""

import numpy as np
import pytest

from kerasrecipes.tuning import forest as module
from kerasrecipes.tuning.forest import fit_forest
from kerasrecipes.tuning.functional_anova import main_effects


def test_a_line_is_explained_and_noise_is_not():
    rng = np.random.default_rng(0)
    units = rng.random((150, 4))
    assert fit_forest(units, units[:, 2], rng, trees=32).explained > 0.95
    assert fit_forest(units, rng.normal(size=150), rng, trees=32).explained < 0.1


def test_a_second_forest_gives_weak_effects_their_size(monkeypatch):
    rng = np.random.default_rng(1)
    units = rng.random((200, 5))
    targets = units @ np.sqrt([0.95, 0.05, 0, 0, 0])

    def weak_share():
        forest = fit_forest(units, targets, np.random.default_rng(2), trees=32)
        effects = main_effects(forest.boxes)
        return effects[1] / effects.sum()

    debiased = weak_share()
    monkeypatch.setattr(module, "MOST_FORESTS", 1)
    assert weak_share() < 0.65 * debiased
    assert debiased == pytest.approx(0.05, abs=0.015)


def test_the_same_seed_grows_the_same_forest():
    units = np.random.default_rng(3).random((40, 2))
    first, second = (fit_forest(units, units[:, 0], np.random.default_rng(4), trees=8)
                     for _ in range(2))  # fmt: skip
    np.testing.assert_array_equal(first.boxes.value, second.boxes.value)


def test_many_rows_keep_the_trees_small():
    rng = np.random.default_rng(5)
    units = rng.random((2000, 2))
    forest = fit_forest(units, rng.normal(size=2000), rng, trees=2)
    assert len(forest.boxes.value) <= 2 * module.MOST_LEAVES
