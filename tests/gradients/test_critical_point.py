import re

import pytest

from kerasrecipes.gradients.critical_point import judge_point

AT = {
    "cost": 1.0,
    "gradient_norm": 0.0,
    "weights_norm": 2.0,
    "tolerance": 1e-6,
    "converged": True,
}


@pytest.mark.parametrize(
    ("low", "high", "verdict", "words"),
    [
        (0.5, 2.0, "minimum", r"up every way \(0.5 or more\)"),
        (0.0, 2.0, "minimum", "down no way and is flat some way"),
        (-1e-7, 2.0, "minimum", "flat some way"),
        (-3e-6, 2.0, "saddle", r"down one way \(-3e-06\) and up another \(2\)"),
        (-1.0, 2.0, "saddle", r"\(-1\) and up another"),
        (-1.0, 0.0, "saddle", "up no way"),
        (-2.0, -1.0, "saddle", r"down every way \(-1 or less\): a maximum"),
        (-1e-5, 2e-5, "plateau", "long as the weights"),
        (0.0, 0.0, "plateau", "long as the weights"),
    ],
)
def test_the_verdict_follows_the_signs_and_the_sizes(low, high, verdict, words):
    found = judge_point(low=low, high=high, **AT)
    assert (found.verdict, found.critical) == (verdict, True)
    assert re.search(words, found.evidence)


@pytest.mark.parametrize(
    ("gradient", "critical"), [(1e-6, True), (4.9e-4, True), (5.1e-4, False), (1.0, False)]
)
def test_a_gradient_that_changes_the_cost_by_a_thousandth_makes_a_slope(gradient, critical):
    found = judge_point(low=1.0, high=2.0, **{**AT, "gradient_norm": gradient})
    assert found.critical == critical
    assert found.verdict == "minimum"
    assert ("this is a slope" in found.evidence) == (not critical)


@pytest.mark.parametrize(("gradient", "critical"), [(3.9e-6, True), (4.1e-6, False)])
def test_at_a_perfect_fit_the_gradient_need_not_be_smaller_than_float32_can_tell(
    gradient, critical
):
    found = judge_point(low=1.0, high=2.0, **{**AT, "cost": 0.0, "gradient_norm": gradient})
    assert found.critical == critical


@pytest.mark.parametrize(
    ("gradient", "high", "weights", "verdict"),
    [
        (4.9e-4, 4.9e-4, 2.0, "plateau"),
        (5.1e-4, 4.9e-4, 2.0, "minimum"),
        (4.9e-4, 5.1e-4, 2.0, "minimum"),
        (1e-4, 1e-4, 5.0, "minimum"),  # large weights go further
        (9e-4, 1.9e-3, 0.0, "plateau"),  # a step of 1 where they are all 0
    ],
)
def test_a_plateau_is_flat_over_the_length_of_the_weights(gradient, high, weights, verdict):
    point = {**AT, "gradient_norm": gradient, "weights_norm": weights}
    assert judge_point(low=0.0, high=high, **point).verdict == verdict


def test_what_has_not_converged_is_doubted():
    found = judge_point(low=0.0, high=1.0, **{**AT, "converged": False})
    assert found.evidence.endswith(
        "not converged: the smallest may lie lower and the largest higher"
    )
