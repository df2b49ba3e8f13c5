import time

import numpy as np
import pandas
import pytest

from kerasrecipes.data import DataError, DriftReport, same_distribution
from kerasrecipes.data.drift import FeatureDrift


def normal(seed, rows=400, features=4):
    return np.random.default_rng(seed).normal(size=(rows, features))


def test_false_alarms_are_as_rare_as_alpha_says():
    alarms = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        sets = [
            np.column_stack([rng.normal(size=m), rng.integers(0, 3, m), rng.exponential(size=m)])
            for m in (80, 50)
        ]
        alarms += not same_distribution(*sets, alpha=0.05, seed=seed).same
    assert alarms <= 11  # of 120: exceeded with probability 0.03 at a rate of exactly 0.05


SHIFTS = {
    "mean": lambda x: x + np.array([0, 0, 0.6, 0]),
    "variance": lambda x: x * [1, 1, 1.8, 1],
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shift", SHIFTS)
def test_a_changed_feature_is_named_alone(shift, seed):
    report = same_distribution(normal(seed), SHIFTS[shift](normal(seed + 100)))
    assert not report.same
    assert [feature.name for feature in report.features] == ["x2"]
    assert report.p_value == min(report.p_value, report.features[0].p_value) <= 0.01


@pytest.mark.parametrize("seed", range(5))
def test_a_changed_correlation_is_seen_though_no_feature_shows_it(seed):
    b = normal(seed + 100)
    b[:, 1] = 0.8 * b[:, 0] + 0.6 * b[:, 1]
    report = same_distribution(normal(seed), b)
    assert (report.same, report.features) == (False, ())
    assert "differ in how features go together" in str(report)


def test_the_worst_feature_comes_first():
    shifted = normal(1) + np.array([0.8, 0, 1.5, 0])
    report = same_distribution(normal(0), shifted, names=["a", "b", "c", "d"])
    assert [feature.name for feature in report.features] == ["c", "a"]
    assert report.features[0].p_value <= report.features[1].p_value


def test_the_seed_decides_all():
    reports = [same_distribution(normal(0), normal(1), seed=3) for _ in range(2)]
    assert reports[0] == reports[1]


def test_constant_features_are_fine():
    a, b = normal(0), normal(1)
    a[:, 0] = b[:, 0] = 7
    assert same_distribution(a, b).same
    assert same_distribution(np.ones((5, 2)), np.ones((4, 2))) == (True, 1.0, ())


def test_a_constant_that_changed_is_named():
    a, b = normal(0), normal(1)
    a[:, 0], b[:, 0] = 7, 8
    assert [feature.name for feature in same_distribution(a, b).features] == ["x0"]


def test_images_are_compared_pixel_by_pixel():
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 256, (200, 4, 4, 1), "uint8") for _ in range(2))
    assert same_distribution(a, b).same
    b[:, 2, 1] //= 2
    assert [feature.name for feature in same_distribution(a, b).features] == ["x9"]


def test_text_and_gaps_of_tables_are_compared():
    rng = np.random.default_rng(0)
    frames = [
        pandas.DataFrame({"pet": rng.choice(["cat", "dog"], 300, p=[p, 1 - p]), "n": range(300)})
        for p in (0.5, 0.2)
    ]
    frames[1].loc[:100, "n"] = np.nan
    report = same_distribution(frames[0], frames[1][["n", "pet"]])
    names = {feature.name for feature in report.features}
    assert {"pet=cat", "n=(missing)"} <= names


def test_5000_rows_of_784_features_take_seconds():
    a, b = (normal(seed, 5000, 784).astype("float32") for seed in (0, 1))
    same_distribution(a[:10], b[:10])
    start = time.process_time()
    assert same_distribution(a, b).same
    assert time.process_time() - start < 6  # about 1 second; of the processor


def test_the_report_reads_well():
    features = tuple(FeatureDrift(f"pixel {i}", 1e-5, 0.25) for i in range(12))
    lines = str(DriftReport(False, 1e-5, features)).splitlines()
    assert lines[0] == "The two sets come from different distributions (p = 1e-05)."
    assert lines[1] == "  pixel 0  differs by 0.25  (p = 1e-05)"
    assert (lines[-1], len(lines)) == ("  and 2 more features", 12)
    alike = DriftReport(True, 0.5, ())
    assert str(alike) == "The two sets look alike: nothing says they differ (p = 0.5)."


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.ones((5, 3)), np.ones((5, 2)), "`a` has 3 features and `b` has 2"),
        (np.ones((5, 3)), np.ones((1, 3)), "`b` has 1 rows: two at least"),
        (np.array([[1.0], [np.nan]]), np.ones((2, 1)), r"`a` .* nan at index \(1, 0\)"),
        (np.array(["u", "v"]), np.array(["u", "v"]), "`a` holds <U1, not numbers"),
        (np.ones((3, 0)), np.ones((3, 0)), r"`a` has shape \(3, 0\)"),
        (
            pandas.DataFrame({"u": [1, 2], "v": [1, 2]}),
            pandas.DataFrame({"u": [1, 2]}),
            "`a` has 2 columns and `b` has 1, and only one of them has v",
        ),
    ],
)
def test_sets_that_cannot_be_compared_are_refused(a, b, message):
    with pytest.raises(DataError, match=message):
        same_distribution(a, b)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0}, "Received: alpha=0"),
        ({"alpha": 1.0}, "Received: alpha=1.0"),
        ({"names": ["a"]}, "each of the 4 features. Received: 1 names"),
        ({"seed": -2}, "Received: seed=-2"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        same_distribution(normal(0), normal(1), **options)
