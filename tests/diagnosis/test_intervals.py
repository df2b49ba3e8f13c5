import math

import numpy as np
import pytest
from scipy import stats

from kerasrecipes.diagnosis import bootstrap_interval, estimate_error, wilson_interval


@pytest.mark.parametrize("examples", [1, 7, 100, 2_000])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_wilson_agrees_with_scipy(share, examples):
    wrong = round(share * examples)
    expected = stats.binomtest(wrong, examples).proportion_ci(method="wilson")
    assert wilson_interval(wrong, examples) == pytest.approx(tuple(expected), abs=1e-12)


@pytest.mark.parametrize(("wrong", "error"), [(0, 0.0), (3, 0.06), (50, 1.0)])
def test_errors_of_0_and_1_get_wilson_s_interval(wrong, error):
    estimate = estimate_error(np.repeat([1.0, 0.0], [wrong, 50 - wrong]))
    assert estimate == (error, *wilson_interval(wrong, 50), 50, "share")


def test_other_errors_get_the_bootstrap_s_interval():
    errors = np.array([0.25, 1.0, 3.0, 0.5])
    estimate = estimate_error(errors, seed=3)
    assert estimate.error == pytest.approx(1.1875)
    assert (estimate.low, estimate.high) == bootstrap_interval(errors, seed=3)
    assert (estimate.examples, estimate.kind) == (4, "mean")
    assert estimate.low < estimate.error < estimate.high


@pytest.mark.parametrize("examples", [10, 100])
def test_the_bootstrap_covers_the_mean_as_often_as_it_says(examples):
    """Squared normal errors are skewed: 10 of them cover a little less than 95 %."""
    generator = np.random.default_rng(0)
    covered = 0
    for seed in range(300):
        low, high = bootstrap_interval(generator.normal(size=examples) ** 2, seed=seed)
        covered += low <= 1.0 <= high
    least = {10: 0.84, 100: 0.92}[examples]
    assert least <= covered / 300 <= 0.98


def test_the_bootstrap_of_many_examples_is_the_normal_interval():
    errors = np.random.default_rng(0).exponential(size=20_000)
    low, high = bootstrap_interval(errors)
    half = 1.96 * errors.std() / math.sqrt(len(errors))
    assert low == pytest.approx(errors.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(errors.mean() + half, abs=0.15 * half)


def test_one_example_says_nothing():
    assert bootstrap_interval(np.array([0.3])) == (0.0, math.inf)


def test_the_ratio_to_a_baseline_is_of_the_means():
    errors, baseline = np.array([1.0, 2.0, 3.0, 0.0]), np.array([4.0, 2.0, 5.0, 1.0])
    estimate = estimate_error(errors, baseline=baseline)
    assert estimate.error == pytest.approx(6.0 / 12.0)
    assert estimate.kind == "mean"
    assert estimate.low < 0.5 < estimate.high


def test_examples_are_drawn_with_their_own_baseline():
    """A constant ratio has no doubt at all, however its parts vary."""
    baseline = np.random.default_rng(0).exponential(size=50)
    assert bootstrap_interval(0.3 * baseline, baseline=baseline) == pytest.approx((0.3, 0.3))


def test_the_same_seed_draws_the_same_interval():
    errors = np.random.default_rng(0).exponential(size=30)
    assert bootstrap_interval(errors, seed=1) == bootstrap_interval(errors, seed=1)
    assert bootstrap_interval(errors, seed=1) != bootstrap_interval(errors, seed=2)


def test_no_examples_are_refused():
    with pytest.raises(ValueError, match=r"`errors` must hold .* Received: 0 examples"):
        estimate_error(np.empty(0))


def test_errors_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match=r"`errors` must be finite. Received: 2 of 3"):
        estimate_error(np.array([np.nan, 1.0, np.inf]))
