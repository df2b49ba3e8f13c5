import pytest

from kerasrecipes.gradients.result import judge


@pytest.mark.parametrize(
    ("distance", "passed", "verdict"),
    [
        (0.0, True, "great"),
        (0.99e-7, True, "great"),
        (1e-7, True, "ok"),
        (0.99e-3, False, "ok"),
        (1e-3, False, "bad"),
        (1.0, False, "bad"),
        (1e-3, True, "ok"),  # rounding explains it
    ],
)
def test_the_verdict_has_the_course_s_thresholds(distance, passed, verdict):
    assert judge(distance, passed) == verdict
