"""Random directions: cheap for large models, honest about what they may miss."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.gradients import check_gradients, cost_function, gradient_check

RANDOM = np.random.default_rng(0)


def model_of(*parts, inputs):
    model = keras.Sequential([keras.Input((inputs,)), *parts])
    model.compile(loss="mse")
    return model


def scaled(factor, size=None):
    """The square norm, its gradient wrong by a factor, or in `size` elements alone."""

    @ops.custom_gradient
    def cost(w):
        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            wrong = np.ones(w.shape)
            wrong[:size] = factor
            return upstream * 2 * w * ops.convert_to_tensor(wrong, w.dtype)

        return ops.sum(w**2), gradient

    return cost


def test_a_large_model_with_many_kinks_is_not_blamed(monkeypatch):
    monkeypatch.setattr(cost_function, "LARGE", 100_000)
    model = model_of(
        layers.Dense(200, "relu"), layers.Dense(200, "relu"), layers.Dense(2), inputs=400
    )
    assert model.count_params() > cost_function.LARGE
    x, y = RANDOM.normal(size=(64, 400)), RANDOM.normal(size=(64, 2))
    check = gradient_check(model, x, y, method="auto")
    assert check.method == "directional"
    assert check.passed, check
    assert [row.checked for row in check.variables.values()] == [1] * 6
    assert 0 < check.false_pass < 0.01


@pytest.mark.parametrize("seed", range(4))
def test_one_element_in_a_thousand_is_missed_by_no_direction(seed):
    w = np.random.default_rng(seed).normal(size=1_000)
    w[0] = 1.0
    check = check_gradients(scaled(0.0, 1), w, method="directional", seed=seed)
    assert not check.passed
    assert check_gradients(scaled(1.0), w, method="directional", seed=seed).passed


def test_the_stated_chance_bounds_how_often_an_error_of_1_percent_passes(monkeypatch):
    monkeypatch.setattr("kerasrecipes.gradients.perturbation.DIRECTIONS", 1)
    monkeypatch.setattr("kerasrecipes.gradients.differences.TRUNCATION", 3e-3)
    w = RANDOM.normal(size=50)
    checks = [
        check_gradients(scaled(1.01), w, method="directional", seed=seed) for seed in range(20)
    ]
    stated = np.mean([check.false_pass for check in checks])
    missed = np.mean([check.passed for check in checks])
    assert 0.01 < stated < 0.5
    assert missed <= stated + 3 * np.sqrt(stated / len(checks))


def test_every_element_leaves_no_error_to_chance():
    check = check_gradients(lambda w: ops.sum(w**3), np.array([1.0, 2.0]))
    assert check.false_pass == 0
    assert "probability" not in str(check)


def test_the_chance_is_said():
    check = check_gradients(lambda w: ops.sum(w**3), np.arange(1.0, 9.0), method="directional")
    assert 0 < check.false_pass < 1e-9
    assert f"passes with a probability of {check.false_pass:.1g} at most" in str(check)
