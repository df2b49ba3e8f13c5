import numpy as np

from kerasrecipes.tuning.coarse_design import coarse_design
from kerasrecipes.tuning.evidence import most_telling, standardise


def test_the_order_stays_and_failures_count_as_the_worst():
    scores = np.array([3.0, 1.0, np.inf, 2.0, 50.0, np.nan])
    z = standardise(scores)
    assert np.argsort(z[[1, 3, 0, 4]]).tolist() == [0, 1, 2, 3]
    assert z[2] == z[5] == z[4]


def test_a_disaster_does_not_hide_the_differences_among_the_good():
    z = standardise(np.array([1.0, 2.0, 3.0, 4.0, 1e9, np.nan]))
    assert z[3] - z[0] > 0.3


def test_scores_that_are_all_alike_or_all_missing_say_nothing():
    assert np.ptp(standardise(np.ones(5))) == 0
    np.testing.assert_array_equal(standardise(np.full(3, np.nan)), np.zeros(3))


def test_the_coarse_design_holds_every_part_of_every_coordinate_once():
    design = coarse_design(9, 4, np.random.default_rng(1))
    parts = np.sort(np.floor(9 * design), axis=0)
    np.testing.assert_array_equal(parts, np.tile(np.arange(9)[:, None], (1, 4)))


def test_of_many_trials_the_best_half_the_running_and_a_spread_of_the_others_are_learned_from():
    scores = np.random.default_rng(0).permutation(100.0 + np.arange(100))
    scores[[3, 90]] = np.nan
    kept = most_telling(scores, 20)
    assert set(np.argsort(scores)[:10]) | {3, 90} <= set(kept)
    assert len(set(kept)) == 22
    assert np.nanmax(scores[kept]) == np.nanmax(scores)
    np.testing.assert_array_equal(most_telling(scores, 98), np.arange(100))
