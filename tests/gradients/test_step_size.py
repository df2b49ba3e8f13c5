"""A step that does not suit a variable is said, with one that does."""

import numpy as np
import pytest
from keras import ops

from kerasrecipes.gradients import check_gradients

W = np.array([0.7, -1.3, 0.4])


@pytest.mark.parametrize(
    ("function", "epsilon", "bounds", "word"),
    [
        (lambda w: ops.sum(ops.exp(w)), 1e-13, (1e-7, 1e-4), "small"),
        (lambda w: 1e6 + ops.sum(ops.exp(w)), 1e-7, (1e-4, 1e-2), "small"),
        (lambda w: ops.sum(ops.sin(w)), 1e-1, (1e-7, 1e-4), "large"),
        (lambda w: ops.sum(ops.sin(3e4 * w)), 1e-5, (1e-11, 3e-8), "large"),
    ],
    ids=["tiny step", "large cost", "coarse step", "steep cost"],
)
def test_a_better_step_is_offered(function, epsilon, bounds, word):
    check = check_gradients(function, W, epsilon=epsilon)
    assert check.passed, check
    offered = check.variables["w"].better_epsilon
    assert bounds[0] <= offered <= bounds[1]
    said = f"w: epsilon {epsilon:g} is too {word} for its scale; check it with epsilon={offered:g}"
    assert said in str(check)
    better = check_gradients(function, W, epsilon=offered)
    assert better.variables["w"].better_epsilon is None
    assert better.verdict == "great"


@pytest.mark.parametrize(
    ("function", "epsilon"),
    [
        (lambda w: ops.sum(ops.exp(w)), 1e-7),
        (lambda w: ops.sum(ops.exp(w)), 1e-5),
        (lambda w: ops.sum(0 * w) + 1.0, 1e-7),
    ],
    ids=["great", "good", "gradient of zero"],
)
def test_a_step_that_suits_is_left_alone(function, epsilon):
    check = check_gradients(function, W, epsilon=epsilon)
    assert check.passed
    assert check.variables["w"].better_epsilon is None
    assert "epsilon=" not in str(check)


def test_steps_are_judged_for_each_variable():
    check = check_gradients(
        lambda a, b: ops.sum(ops.sin(a)) + ops.sum(ops.sin(1e4 * b)), W, W, epsilon=1e-5
    )
    assert check.variables["a"].better_epsilon is None
    assert check.variables["b"].better_epsilon < 1e-5
