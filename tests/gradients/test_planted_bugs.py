"""Every known kind of bug, planted in a layer, is caught and blamed on the right variable."""

import functools

import keras
import numpy as np
import pytest
from keras import layers, ops

from benchmarks.gradient_cases.planted import (
    BUGS,
    CAST,
    Planted,
    blamed,
    expected_blame,
    planted_model,
)
from kerasrecipes.gradients import check_gradients, gradient_check

NAMES = list(BUGS)
TWINS = list({bug.computes: bug.name for bug in BUGS.values()}.values())  # one of each function
# XLA compiles a second for each check: on JAX a sixth of the rows runs here, all in the benchmark.
EVERY = 1 if keras.backend.backend() == "tensorflow" else 6


@functools.cache
def exact_check(name, sound=False):
    return gradient_check(*planted_model(BUGS[name], sound))


def test_there_are_bugs_of_many_functions():
    assert len(BUGS) >= 70
    assert len(TWINS) >= 40


@pytest.mark.parametrize("name", NAMES[::EVERY])
def test_a_bug_is_blamed_on_its_variables_alone(name):
    check = exact_check(name)
    assert blamed(check) == expected_blame(BUGS[name])
    assert not check.passed
    assert not bool(check)
    assert not check.kinks


@pytest.mark.parametrize("name", TWINS[::EVERY])
def test_the_same_layer_with_the_right_gradient_is_not_blamed(name):
    check = exact_check(name, sound=True)
    assert check.passed, check
    assert bool(check)
    assert not check.kinks
    assert check.verdict == "great"


@pytest.mark.parametrize("name", NAMES[7 :: 8 * EVERY])
def test_random_directions_blame_the_same_variables(name):
    check = gradient_check(*planted_model(BUGS[name]), method="directional")
    assert blamed(check) == expected_blame(BUGS[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_bug_is_in_the_gradient_only(name):
    bug, generator = BUGS[name], np.random.default_rng(0)
    values = [generator.uniform(-1, 1, shape) for shape in bug.shapes.values()]
    if bug.integers:
        values[0] = generator.integers(0, 3, bug.shapes["x"])
    tensors = [
        ops.convert_to_tensor(v.astype("float32") if v.dtype == float else v) for v in values
    ]
    one, other = (ops.convert_to_numpy(f(*tensors)) for f in (bug.buggy, bug.sound))
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_cast_to_float32_is_refused_with_the_reason():
    with pytest.raises(ValueError, match=r"float64.*rounding noise.*casts to a lower precision"):
        gradient_check(*planted_model(CAST))


def test_the_worst_element_is_the_one_that_was_dropped():
    check = exact_check("dW dropped for 1 element of 1,000")
    worst = check.worst[0]
    assert worst.variable.endswith("planted/kernel")
    assert worst.index == (17, 9)
    assert worst.analytic == 0
    assert abs(worst.numeric) > 1e-3
    assert [element.excess > 1 for element in check.worst] == [True] + [False] * 9


@pytest.mark.parametrize(
    ("name", "variable", "verdict", "distance"),
    [
        ("db forgotten", "kernel", "great", 0.0),
        ("dW 0.1 % too large", "kernel", "ok", 0.0005),
        ("dW twice too large", "kernel", "bad", 1 / 3),
        ("sign of db", "bias", "bad", 1.0),
    ],
)
def test_verdict_and_distance_of_a_variable_are_the_course_s(name, variable, verdict, distance):
    rows = exact_check(name).variables.items()
    row = next(row for path, row in rows if path.endswith(f"planted/{variable}"))
    assert row.verdict == verdict
    assert row.distance == pytest.approx(distance, rel=1e-3, abs=1e-7)


def test_the_distance_is_the_course_s_ratio():
    model, x, y = planted_model(BUGS["sign of db"])
    check = gradient_check(model, x, y, variables=[model.layers[-1].kernels[1]])
    a = np.array([element.analytic for element in check.worst])
    n = np.array([element.numeric for element in check.worst])
    assert len(a) == 3
    ratio = np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n))
    assert check.distance == pytest.approx(ratio)


def test_a_bug_is_found_where_every_unit_sits_on_a_kink():
    first = layers.Dense(4, "relu", kernel_initializer="zeros", name="first")
    bug = Planted("dX = dZ W, not dZ W^T", name="planted")
    model = keras.Sequential([keras.Input((4,)), first, bug])
    model.compile(loss="mse")
    generator = np.random.default_rng(0)
    check = gradient_check(model, generator.normal(size=(8, 4)), generator.normal(size=(8, 4)))
    assert set(blamed(check)) == {"first/kernel", "first/bias"}


@pytest.mark.parametrize(
    ("name", "sound", "wrong"),
    [
        ("dW transposed", True, []),
        ("dW transposed", False, ["kernel"]),
        ("dX = dZ W, not dZ W^T", False, ["inputs"]),
    ],
)
def test_a_layer_alone(name, sound, wrong):
    check = check_gradients(Planted(name, sound), np.random.default_rng(0).normal(size=(4, 4)))
    found = [path.split("/")[-1] for path, row in check.variables.items() if not row.passed]
    assert found == wrong
    assert next(iter(check.variables)) == "inputs"


def test_the_text_names_what_is_wrong_with_its_numbers():
    check = exact_check("dW dropped for 1 element of 1,000")
    text = str(check)
    assert "gradient check (exact, epsilon 1e-07): FAILED" in text
    worst = check.worst[0]
    assert f"{worst.variable}[17, 9]: analytic 0, numeric {worst.numeric:.6g}" in text
    assert text.count("FAILED") == 2
    assert "largest disagreements" not in str(exact_check("db forgotten", sound=True))
