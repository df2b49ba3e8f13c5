"""Curves stay short, and stay what they were."""

import math

import numpy as np
import pytest

from kerasrecipes.live.curve import Curve


def curve_of(values, most):
    curve = Curve("cost", "train", most)
    for step, value in enumerate(values):
        curve.add(step, value)
    return curve


def test_what_fits_is_kept_as_it_is():
    curve = curve_of([3.0, 1.0, 2.0], most=8)
    assert list(curve.steps) == [0, 1, 2]
    assert list(curve.values) == [3.0, 1.0, 2.0]
    assert curve.thinned == 0


@pytest.mark.parametrize("points", [9, 10, 100, 1001, 4096, 5003])
@pytest.mark.parametrize("most", [8, 20, 33])
def test_a_point_is_the_mean_of_those_it_stands_for(points, most):
    values = np.random.default_rng(0).normal(size=points)
    curve = curve_of(values, most)
    counts = np.ones(len(curve))
    counts[: len(curve._merged)] = curve._merged
    ends = np.cumsum(counts).astype(int)
    assert ends[-1] == points
    assert len(curve) <= most
    for end, count, step, value in zip(ends, counts, curve.steps, curve.values, strict=True):
        merged = slice(end - int(count), end)
        assert step == pytest.approx(np.arange(points)[merged].mean())
        assert value == pytest.approx(values[merged].mean())


def test_the_first_and_the_last_point_are_exact_at_any_time():
    curve = Curve("cost", "train", most=16)
    for step in range(1000):
        curve.add(step, step**2)
        assert (curve.steps[0], curve.values[0]) == (0, 0)
        assert (curve.steps[-1], curve.values[-1]) == (step, step**2)


def test_points_stay_evenly_spread_over_a_long_run():
    curve = curve_of(np.zeros(100_000), most=200)
    gaps = np.diff(curve.steps)[1:50]  # the older half, all thinned
    assert set(gaps) == {1024}
    assert len(curve) >= 50


def test_thinning_is_rare_and_told():
    curve = curve_of(np.zeros(10_000), most=100)
    assert 10_000 / 100 < curve.thinned <= 10_000 / 45


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_stays_to_be_seen(value):
    values = np.ones(1000)
    values[500] = value
    kept = np.asarray(curve_of(values, most=16).values)
    assert np.isnan(kept).sum() == 1
    assert (kept[~np.isnan(kept)] == 1).all()


def test_the_mean_of_huge_values_does_not_overflow():
    curve = curve_of([1.7e308] * 100, most=8)
    assert list(curve.values) == pytest.approx([1.7e308] * len(curve))


def test_a_curve_too_short_for_a_shape_is_refused():
    with pytest.raises(ValueError, match=r"`most` must be at least 8.*most=7"):
        Curve("cost", "train", most=7)
