"""Callbacks in mixed precision: no crash, finite numbers, the verdicts of float32."""

import keras
import numpy as np
import pytest

import kerasrecipes as kr
from tests.devices.two_devices.same import X, Y, fitted, network
from tests.devices.two_devices.told import CALLBACKS, finding_rows, reading

PRECISIONS = ("float16", "bfloat16")
NEAR = 0.05  # relative: bfloat16 keeps 8 bits


def numbers_in(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [number for each in value for number in numbers_in(each)]
    if isinstance(value, float | np.ndarray):
        return np.ravel(value).tolist()
    return []


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_works_in_mixed_precision(name, precision, tmp_path):
    make, told = CALLBACKS[name]
    with kr.devices.use("cpu", mixed_precision=precision):
        model, history, (callback,) = fitted([lambda: make(tmp_path)])
    assert model.dtype_policy.name == f"mixed_{precision}"
    assert np.isfinite(history["loss"]).all()
    assert np.isfinite(numbers_in(told(callback))).all()


def monitored(precision):
    with kr.devices.use("cpu", mixed_precision=precision):
        _, _, (monitor, doctor) = fitted(
            [
                lambda: kr.callbacks.GradientMonitor(sink=None),
                lambda: kr.callbacks.Doctor(sink=None),
            ]
        )
    return reading(monitor.tap), monitor.messages, finding_rows(doctor.diagnosis)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_gradients_are_told_without_the_scale_of_the_loss(precision):
    read, messages, findings = monitored(precision)
    usual, usual_messages, usual_findings = monitored(None)
    assert read["steps"] == usual["steps"] == 12
    assert read["not finite"] is None
    for part in ("norms", "ratios"):
        for name, values in usual[part].items():
            np.testing.assert_allclose(read[part][name][0], values[0], rtol=NEAR, err_msg=name)
    assert messages == usual_messages
    assert findings == usual_findings


@pytest.mark.parametrize("precision", PRECISIONS)
def test_nan_is_found_in_mixed_precision(precision):
    x = X.copy()
    x[5] = np.nan
    with kr.devices.use("cpu", mixed_precision=precision):
        _, _, (doctor,) = fitted([lambda: kr.callbacks.Doctor(sink=None)], x=x)
    assert any(row[1] == "error" for row in finding_rows(doctor.diagnosis))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_checks_and_diagnoses_are_those_of_float32(precision):
    keras.utils.set_random_seed(1)
    with kr.devices.use("cpu", mixed_precision=precision):
        model = network()
        check = kr.gradient_check(model, X[:8], Y[:8])
        found = kr.diagnose(model, X, Y, epochs=20, batch_size=16)
    assert check.passed
    assert not [each for each in found.findings if each.severity == "error"]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_recipe_works_in_mixed_precision(precision):
    split = kr.data.train_dev_test_split(*kr.data.load("iris"), seed=0)
    with kr.devices.use("cpu", mixed_precision=precision):
        result = kr.BasicRecipe(target_error=0.2, budget=2.0, seed=0).run(split)
    assert result.reading.dev_error.error <= 0.2
    outputs = result.model.predict(split.test[0], verbose=0)
    assert outputs.dtype == np.float32


@pytest.mark.parametrize("precision", PRECISIONS)
def test_resume_goes_on_in_mixed_precision(precision, tmp_path):
    def fit(epochs, folder):
        resume = [lambda: kr.callbacks.Resume(tmp_path / folder, sink=None)]
        with kr.devices.use("cpu", mixed_precision=precision):
            return fitted(resume, epochs=epochs)[0].get_weights()

    whole = fit(4, "whole")
    fit(2, "parts")
    for a, b in zip(whole, fit(4, "parts"), strict=True):
        np.testing.assert_array_equal(a, b)
