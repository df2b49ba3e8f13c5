import numpy as np
import pytest

from kerasrecipes.data.joint_test import joint_test


def correlated(rng, rows, correlation):
    x = rng.normal(size=(rows, 2))
    x[:, 1] = correlation * x[:, 0] + np.sqrt(1 - correlation**2) * x[:, 1]
    return x


def p_value(a, b, alpha=0.01, seed=0):
    return joint_test(a, b, alpha, np.random.default_rng(seed))


def test_a_changed_correlation_is_seen():
    rng = np.random.default_rng(0)
    a, b = correlated(rng, 400, 0.0), correlated(rng, 400, 0.6)
    assert p_value(a, b) == 0.001


def test_the_p_value_is_uniform_when_nothing_differs():
    p_values = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p_values.append(p_value(rng.normal(size=(40, 2)), rng.normal(size=(30, 2)), seed=seed))
    assert 0.35 < np.mean(p_values) < 0.65
    assert np.mean(np.array(p_values) <= 0.1) <= 0.2


def test_units_do_not_matter():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(100, 3)), rng.normal(size=(80, 3))
    scale = np.array([1.0, 1e6, 1e-6])
    assert p_value(a * scale, b * scale) == p_value(a, b)


def test_constant_sets_are_alike():
    assert p_value(np.ones((5, 2)), np.ones((4, 2))) == 1.0


@pytest.mark.parametrize(("alpha", "smallest"), [(0.05, 1 / 1000), (0.002, 1 / 5000)])
def test_there_are_enough_exchanges_for_alpha(alpha, smallest):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 1)), rng.normal(5, 1, size=(50, 1))
    assert p_value(a, b, alpha) == pytest.approx(smallest)
