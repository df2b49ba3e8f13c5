import numpy as np
import pytest
from scipy.optimize import check_grad

from kerasrecipes.tuning import surrogate
from kerasrecipes.tuning.surrogate import condition, fit_surrogate, typical_parameters


def trials(m, d, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.random((m, d))
    return x, np.sin(6 * x[:, 0]) + noise * rng.normal(size=m)


def test_the_gradient_of_the_likelihood_is_right():
    x, y = trials(20, 3, 0.1)
    distances = np.stack([(c[:, None] - c) ** 2 for c in x.T]).reshape(3, -1)
    for parameters in (np.zeros(5), np.array([0.5, -1.0, 2.0, 0.3, -2.0])):
        error = check_grad(
            lambda p: surrogate._cost(p, distances, y)[0],
            lambda p: surrogate._cost(p, distances, y)[1],
            parameters,
        )
        assert error < 1e-4


def test_it_learns_what_matters():
    x, y = trials(40, 4)
    found = fit_surrogate(x, np.arange(4), y)
    assert 3 * found.lengths[0] < found.lengths[1:].min()
    new, truth = trials(100, 4, seed=1)
    mean, deviation = found.predict(new)
    assert np.sqrt(np.mean((mean - truth) ** 2)) < 0.15
    assert np.mean(np.abs(mean - truth) < 3 * deviation) > 0.9


def test_neighbours_are_averaged_where_there_is_noise():
    x, y = trials(80, 1, noise=0.5)
    found = fit_surrogate(x, np.arange(1), y)
    clean = np.sin(6 * x[:, 0])
    np.testing.assert_allclose(found.fitted, found.predict(x)[0], atol=1e-4)
    assert np.mean((found.predict(x)[0] - clean) ** 2) < 0.25 * np.mean((y - clean) ** 2)


def test_without_noise_it_goes_through_the_trials_and_is_sure_there():
    x, y = trials(15, 2)
    parameters = typical_parameters(2)
    parameters[-1] = np.log(1e-5)
    mean, deviation = condition(parameters, x, np.arange(2), y).predict(x)
    np.testing.assert_allclose(mean, y, atol=0.02)
    assert deviation.max() < 0.02
    assert condition(parameters, x, np.arange(2), y).predict(x + 5)[1].min() > 0.9


@pytest.mark.parametrize("m", [1, 2])
def test_few_trials_are_enough_to_begin(m):
    x, y = trials(m, 3)
    mean, deviation = fit_surrogate(x, np.arange(3), y).predict(np.ones((1, 3)))
    assert np.isfinite(mean).all()
    assert np.isfinite(deviation).all()
