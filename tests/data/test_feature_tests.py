import numpy as np
import pytest
from scipy import stats

from kerasrecipes.data import feature_tests as module
from kerasrecipes.data.feature_tests import feature_tests, holm


@pytest.mark.parametrize("seed", [0, 1])
def test_continuous_features_agree_with_scipy(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(300, 3)), rng.normal(0.2, 1.3, size=(200, 3))
    found = feature_tests(a, b)
    for i in range(3):
        reference = stats.ks_2samp(a[:, i], b[:, i], method="asymp")
        assert found.statistic[i] == pytest.approx(reference.statistic, rel=1e-12)
        scaled = 300 * 200 / 500 * reference.statistic**2
        series = sum((-1) ** (k - 1) * np.exp(-2 * k**2 * scaled) for k in range(1, 50))
        assert found.p_value[i] == pytest.approx(2 * series, rel=1e-9)
        assert reference.pvalue <= found.p_value[i] <= 1.4 * reference.pvalue


def test_ties_do_not_move_the_kolmogorov_smirnov_statistic():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 30, (400, 1)), rng.integers(3, 33, (300, 1))
    reference = stats.ks_2samp(a[:, 0], b[:, 0]).statistic
    assert feature_tests(a, b).statistic[0] == pytest.approx(reference, rel=1e-12)


@pytest.mark.parametrize(("ones_a", "ones_b"), [(30, 10), (5, 9), (0, 3)])
def test_two_values_are_fishers_exact_test(ones_a, ones_b):
    a = (np.arange(60) < ones_a).astype("float64")[:, None]
    b = (np.arange(40) < ones_b).astype("float64")[:, None]
    found = feature_tests(a, b)
    table = [[ones_a, 60 - ones_a], [ones_b, 40 - ones_b]]
    tails = [stats.fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert found.p_value[0] == pytest.approx(min(1, 2 * min(tails)), rel=1e-9)
    assert found.statistic[0] == pytest.approx(abs(ones_a / 60 - ones_b / 40))


def test_few_values_take_the_largest_difference_of_a_share():
    a = np.repeat([0, 1, 2], [50, 30, 20])[:, None]
    b = np.repeat([0, 1, 2], [20, 60, 20])[:, None]
    found = feature_tests(a, b)
    assert found.statistic[0] == pytest.approx(0.3)
    tail = stats.fisher_exact([[50, 50], [20, 80]], alternative="greater").pvalue
    assert found.p_value[0] == pytest.approx(3 * 2 * tail, rel=1e-9)


def test_constant_features_say_nothing():
    found = feature_tests(np.ones((5, 2)), np.ones((6, 2)))
    assert found.statistic.tolist() == [0, 0]
    assert found.p_value.tolist() == [1, 1]


def test_blocks_of_features_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 7)), rng.integers(0, 3, (40, 7))
    whole = feature_tests(a, b)
    monkeypatch.setattr(module, "BLOCK_VALUES", 200)
    np.testing.assert_array_equal(feature_tests(a, b).p_value, whole.p_value)


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.5], [0.5]),
        ([0.9, 0.8], [1.0, 1.0]),
        ([0.0, 0.2, 0.001, 0.04], [0.0, 0.2, 0.003, 0.08]),
    ],
)
def test_holm_as_by_hand(p_values, adjusted):
    assert holm(np.array(p_values)) == pytest.approx(adjusted)
