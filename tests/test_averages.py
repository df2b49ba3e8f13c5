import json

import numpy as np
import pytest

from kerasrecipes.averages import ExponentiallyWeightedAverage, exponentially_weighted_average


def course_average(series, beta, bias_correction):
    """The course's two lines, one value after the other."""
    v, averages = 0.0, []
    for t, value in enumerate(series, start=1):
        v = beta * v + (1 - beta) * value
        averages.append(v / (1 - beta**t) if bias_correction else v)
    return averages


SERIES = np.random.default_rng(0).normal(5.0, 2.0, size=300)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("bias_correction", [True, False])
def test_stream_and_series_follow_the_formula(beta, bias_correction):
    expected = course_average(SERIES, beta, bias_correction)
    average = ExponentiallyWeightedAverage(beta, bias_correction)
    assert [average.update(value) for value in SERIES] == pytest.approx(expected, rel=1e-10)
    series = exponentially_weighted_average(SERIES, beta, bias_correction)
    np.testing.assert_allclose(series, expected, rtol=1e-10)


def test_known_temperatures_at_two_points():
    assert exponentially_weighted_average([40.0, 49.0], 0.9, False) == pytest.approx([4.0, 8.5])
    assert exponentially_weighted_average([40.0, 49.0], 0.9) == pytest.approx([40.0, 8.5 / 0.19])


def test_defaults_are_beta_nine_tenths_with_correction():
    average = ExponentiallyWeightedAverage()
    assert (average.beta, average.bias_correction) == (0.9, True)
    np.testing.assert_array_equal(
        exponentially_weighted_average(SERIES), exponentially_weighted_average(SERIES, 0.9, True)
    )


def test_a_constant_stream_stays_exactly_constant():
    average = ExponentiallyWeightedAverage(0.999)
    assert {average.update(0.1) for _ in range(1000)} == {0.1}


def test_value_is_none_before_the_first_update_and_after_reset():
    average = ExponentiallyWeightedAverage()
    assert average.value is None
    average.update(3.0)
    assert average.value == 3.0
    average.reset()
    assert (average.value, average.count) == (None, 0)


def test_arrays_are_averaged_element_by_element():
    table = SERIES.reshape(100, 3)
    average = ExponentiallyWeightedAverage(0.8)
    for row in table:
        average.update(row)
    columns = [course_average(column, 0.8, True)[-1] for column in table.T]
    np.testing.assert_allclose(average.value, columns)
    np.testing.assert_allclose(exponentially_weighted_average(table, 0.8)[-1], columns)


def test_the_array_given_is_not_kept():
    row = np.ones(2)
    average = ExponentiallyWeightedAverage()
    average.update(row)
    row[:] = 7.0
    assert average.value.tolist() == [1.0, 1.0]


def test_a_value_that_is_not_finite_shows():
    average = ExponentiallyWeightedAverage()
    average.update(float("nan"))
    assert np.isnan(average.update(1.0))


def test_state_continues_exactly_through_json():
    average, other = ExponentiallyWeightedAverage(0.9), ExponentiallyWeightedAverage(0.9)
    for value in SERIES[:7]:
        average.update(value)
    other.set_state(json.loads(json.dumps(average.get_state())))
    assert other.update(SERIES[7]) == average.update(SERIES[7])


def test_state_of_arrays_is_a_copy():
    average = ExponentiallyWeightedAverage()
    average.update([1.0, 2.0])
    state = average.get_state()
    average.update([9.0, 9.0])
    other = ExponentiallyWeightedAverage()
    other.set_state(state)
    assert other.value.tolist() == [1.0, 2.0]


def test_empty_series_gives_empty_averages():
    assert exponentially_weighted_average([]).shape == (0,)


@pytest.mark.parametrize("beta", [1.0, -0.1, float("nan")])
def test_beta_outside_its_range_is_refused(beta):
    with pytest.raises(ValueError, match=rf"`beta` must be in \[0, 1\).*Received: beta={beta}"):
        ExponentiallyWeightedAverage(beta)
    with pytest.raises(ValueError, match=rf"Received: beta={beta}"):
        exponentially_weighted_average([1.0], beta)


def test_a_single_number_is_no_series():
    with pytest.raises(ValueError, match=r"`series` must have a first axis.*series=3.0"):
        exponentially_weighted_average(3.0)


def test_a_changed_shape_is_refused():
    average = ExponentiallyWeightedAverage()
    average.update([1.0, 2.0])
    with pytest.raises(ValueError, match=r"shape \(3,\), before it \(2,\)"):
        average.update([1.0, 2.0, 3.0])
