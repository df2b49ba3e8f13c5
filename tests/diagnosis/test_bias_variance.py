import json
import math

import numpy as np
import pytest

from kerasrecipes.diagnosis import (
    ErrorEstimate,
    bias_variance_findings,
    estimate_error,
    read_bias_variance,
)


def share(error, examples):
    wrong = round(error * examples)
    return estimate_error(np.repeat([1.0, 0.0], [wrong, examples - wrong]))


@pytest.mark.parametrize(
    ("train", "dev", "human", "verdict"),
    [
        (0.01, 0.11, 0.0, "high variance"),
        (0.15, 0.16, 0.0, "high bias"),
        (0.15, 0.16, 0.15, "balanced"),
        (0.15, 0.30, 0.0, "both"),
        (0.005, 0.01, 0.0, "balanced"),
        (0.0, 0.0, 0.0, "balanced"),
        (0.15, 0.30, 0.15, "high variance"),
        (0.10, 0.05, 0.2, "balanced"),  # better than human, dev better than train
    ],
)
def test_verdicts_of_the_course_with_2000_examples(train, dev, human, verdict):
    reading = read_bias_variance(share(train, 2_000), share(dev, 2_000), human)
    assert reading.verdict == verdict
    assert reading.bias.value == pytest.approx(train - human)
    assert reading.variance.value == pytest.approx(dev - train)


def test_the_gap_s_interval_is_newcombe_s():
    """56/70 against 48/80: the interval published by Newcombe (1998), method 10."""
    reading = read_bias_variance(share(48 / 80, 80), share(56 / 70, 70))
    assert reading.variance[:3] == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(("train", "dev"), [((9, 10), (3, 10)), ((0, 10), (0, 20))])
def test_the_gap_s_interval_against_a_slow_reference(train, dev):
    def wilson(wrong, n, z=1.959963984540054):
        """The two roots of `|p - wrong/n| = z sqrt(p (1 - p) / n)`."""
        p = wrong / n
        roots = np.roots([1 + z**2 / n, -(2 * p + z**2 / n), p**2])
        return p, min(roots), max(roots)

    (p2, l2, u2), (p1, l1, u1) = wilson(*train), wilson(*dev)
    low = p1 - p2 - math.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2)
    high = p1 - p2 + math.sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2)
    reading = read_bias_variance(
        share(train[0] / train[1], train[1]), share(dev[0] / dev[1], dev[1])
    )
    assert reading.variance[1:3] == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("train", "dev", "examples", "unsure"),
    [
        (0.02, 0.06, 50, ["bias", "variance"]),
        (0.05, 0.10, 20, ["variance"]),
        (0.0, 0.0, 30, ["bias", "variance"]),
        (0.03, 0.03, 100, ["variance"]),
    ],
)
def test_few_examples_are_inconclusive_and_the_number_needed_decides(train, dev, examples, unsure):
    def read(n):
        """The same errors on `n` examples."""
        return read_bias_variance(share(train, n), share(dev, n))

    reading = read(examples)
    gaps = {"bias": reading.bias, "variance": reading.variance}
    assert [name for name, gap in gaps.items() if gap.size == "unsure"] == unsure
    assert reading.examples_needed > examples
    decided = read(10 * math.ceil(reading.examples_needed / 10))
    assert "unsure" not in (decided.bias.size, decided.variance.size)
    assert decided.examples_needed is None
    earlier = read(round(reading.examples_needed / 1.35))
    assert "unsure" in (earlier.bias.size, earlier.variance.size)


def mean(error, half, examples):
    return ErrorEstimate(error, error - half, error + half, examples, "mean")


@pytest.mark.parametrize(
    ("train", "dev", "verdict"),
    [
        (mean(0.10, 0.03, 400), mean(0.50, 0.10, 400), "both"),
        (mean(0.01, 0.005, 400), mean(0.30, 0.10, 400), "high variance"),
        (mean(0.40, 0.05, 400), mean(0.42, 0.05, 400), "high bias"),
        (mean(0.02, 0.01, 400), mean(0.04, 0.02, 400), "balanced"),
        (mean(0.02, 0.01, 20), mean(0.30, 0.40, 20), "inconclusive"),
    ],
)
def test_regression_has_a_tolerance_of_5_percent_of_the_variance(train, dev, verdict):
    reading = read_bias_variance(train, dev)
    assert reading.verdict == verdict
    assert reading.tolerance == 0.05
    if verdict == "inconclusive":
        shrunk = math.sqrt(20 / reading.examples_needed)
        decided = read_bias_variance(mean(0.02, 0.01 * shrunk, 100), mean(0.30, 0.40 * shrunk, 100))
        assert decided.verdict == "high variance"


@pytest.mark.parametrize(("tolerance", "verdict"), [(0.02, "high bias"), (0.06, "balanced")])
def test_the_tolerance_is_the_largest_gap_that_is_not_high(tolerance, verdict):
    reading = read_bias_variance(share(0.05, 9_000), share(0.05, 9_000), tolerance=tolerance)
    assert reading.verdict == verdict
    assert reading.tolerance == tolerance


@pytest.mark.parametrize(
    ("train", "dev", "examples", "sentence"),
    [
        (0.0, 0.0, 30, "The bias and the variance are unsure: about 78 dev examples would decide"),
        (0.30, 0.33, 300, "The variance is unsure: about 2,687 dev "),
        (0.01, 0.02, 100, "The bias and the variance are unsure: about "),
    ],
)
def test_the_text_names_the_gap_that_is_unsure(train, dev, examples, sentence):
    reading = read_bias_variance(share(train, examples), share(dev, examples))
    assert sentence in str(reading)
    assert f"about {reading.examples_needed:,} dev examples would decide" in str(reading)
    if reading.verdict == "inconclusive":
        assert reading.advice == (
            f"{str(reading).split('. ', 1)[1]} There are {examples}: get more.",
        )


def test_the_text_has_every_number_and_the_first_advice():
    text = str(read_bias_variance(share(0.01, 1_000), share(0.11, 1_000), 0.005))
    assert text == (
        "high variance: train error 1.00% [0.54%, 1.83%], dev error 11.00% [9.21%, 13.09%], "
        "human error 0.50%; bias 0.50%, variance 10.00%. Get more data, or augment what you have."
    )


def test_the_dictionary_is_json():
    estimate = ErrorEstimate(np.float32(0.5), 0.0, math.inf, np.int64(1), "mean")
    values = read_bias_variance(estimate, estimate, np.float32(0.25)).to_dict()
    again = json.loads(json.dumps(values, allow_nan=False))
    assert again == values
    assert again["train_error"] == {
        "error": 0.5,
        "low": 0.0,
        "high": None,
        "examples": 1,
        "kind": "mean",
    }
    assert again["bias"]["value"] == 0.25
    assert isinstance(again["advice"], list)


@pytest.mark.parametrize(
    ("train", "dev", "codes"),
    [
        (0.01, 0.11, ["high-variance"]),
        (0.15, 0.16, ["high-bias"]),
        (0.15, 0.30, ["high-bias", "high-variance"]),
        (0.005, 0.01, []),
    ],
)
def test_a_finding_for_each_gap_that_is_high(train, dev, codes):
    findings = list(
        bias_variance_findings(read_bias_variance(share(train, 2_000), share(dev, 2_000)))
    )
    assert [finding.code for finding in findings] == codes
    assert {finding.severity for finding in findings} <= {"warning"}
    for finding in findings:
        assert finding.evidence["low"] < finding.evidence["gap"] < finding.evidence["high"]


def test_too_few_examples_are_a_note():
    reading = read_bias_variance(share(0.02, 50), share(0.06, 50))
    (finding,) = bias_variance_findings(reading)
    assert (finding.code, finding.severity) == ("too-few-dev-examples", "note")
    assert finding.evidence == {"dev_examples": 50, "examples_needed": reading.examples_needed}


@pytest.mark.parametrize("human", [-0.1, math.inf, math.nan, "0.1", None])
def test_a_human_error_out_of_range_is_refused(human):
    with pytest.raises(ValueError, match=f"`human_error` must be.* human_error={human}"):
        read_bias_variance(share(0.1, 100), share(0.1, 100), human)


def test_a_human_error_in_percent_is_refused_for_shares():
    with pytest.raises(ValueError, match=r"at most 1.* human_error=5. Write 0.05 for 5 %"):
        read_bias_variance(share(0.1, 100), share(0.1, 100), 5)


@pytest.mark.parametrize("tolerance", [0, -0.1, math.inf, math.nan, "2 %"])
def test_a_tolerance_out_of_range_is_refused(tolerance):
    with pytest.raises(ValueError, match=f"`tolerance` must be > 0.* tolerance={tolerance}"):
        read_bias_variance(share(0.1, 100), share(0.1, 100), tolerance=tolerance)
