import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.diagnosis.collect import input_facts, target_facts, why_no_numbers
from kerasrecipes.layers import Standardize

RNG = np.random.default_rng(0)
CLASSES = RNG.integers(0, 3, 60)


@pytest.mark.parametrize(
    ("y", "kind", "columns", "classes"),
    [
        (CLASSES, "classes", 1, 3),
        (CLASSES[:, None].astype("float32"), "classes", 1, 3),
        (CLASSES / 255, "classes", 1, 3),
        (CLASSES % 2, "binary", 1, 2),
        (2 * (CLASSES % 2) - 1, "binary", 1, 2),
        (np.eye(3)[CLASSES], "one_hot", 3, 3),
        (np.eye(3)[CLASSES] / 255, "one_hot", 3, 3),
        (RNG.integers(0, 2, (60, 4)), "multilabel", 4, 4),
        (RNG.normal(size=60), "continuous", 1, None),
        (RNG.uniform(size=(60, 4)), "continuous", 4, None),
        (np.array([-3, -1, 1, 3, 5, 7]), "continuous", 1, None),  # 2 x - 1
        (RNG.permutation(1000), "continuous", 1, None),  # amounts
        (RNG.integers(0, 100, 5000), "classes", 1, 100),
        (RNG.integers(0, 3, (20, 8, 8)), "classes", 8, 3),  # a class for each pixel
        (np.ones(9), "binary", 1, 1),
    ],
)
def test_the_kind_of_targets_is_told(y, kind, columns, classes):
    facts = target_facts(y)
    is_map = y.ndim > 2
    assert (facts.kind, facts.classes) == (kind, classes)
    assert facts.columns == (1 if is_map else columns)
    if kind in ("classes", "one_hot") and not is_map:
        assert facts.priors == pytest.approx(
            np.unique(
                y.reshape(-1, columns).argmax(-1) if kind == "one_hot" else y, return_counts=True
            )[1]
            / len(y)
        )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (np.sort(CLASSES), True),
        (np.tile(np.sort(CLASSES), 5), True),  # several epochs in one
        (CLASSES, False),
        (np.arange(60) % 3, False),
        (np.array([0, 0, 1, 1]), False),  # too few to tell
    ],
)
def test_sorted_labels_are_told_from_shuffled_ones(labels, expected):
    assert target_facts(labels).sorted_by_class is expected
    assert target_facts(np.eye(3)[labels]).sorted_by_class is expected


def test_ranges_of_targets():
    facts = target_facts(np.array([-1.5, 0.5, np.nan, 4.0]))
    assert (facts.minimum, facts.maximum, facts.not_finite) == (-1.5, 4.0, 1)
    assert facts.negative_share == pytest.approx(1 / 3)
    assert facts.mean == pytest.approx(1.0)


def test_inputs_are_measured():
    x = np.array([[1.0, 100.0, 5.0], [1.0, 100.0, 5.0], [3.0, np.nan, 5.0], [5.0, 300.0, 5.0]])
    facts = input_facts(x)
    assert (facts.examples, facts.shape, facts.is_image) == (4, (3,), False)
    assert (facts.constant_features, facts.not_finite, facts.repeated) == (1, 1, 0.5)
    assert facts.feature_deviations[:2] == pytest.approx([0, np.std([1, 1, 3, 5])])
    assert facts.feature_means[:2] == pytest.approx([5, 2.5])


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64"])
def test_numbers_that_are_finite_with_an_infinite_sum_are_no_fault(dtype):
    largest = np.finfo(dtype).max if "float" in dtype else np.iinfo(dtype).max
    assert input_facts(np.full((40, 2), largest, dtype)).not_finite == 0
    if "float" in dtype:
        broken = np.array([[largest, 1.0], [np.nan, -np.inf], [largest, 0.0]], dtype)
        assert input_facts(broken).not_finite == 2


@pytest.mark.parametrize("columns", [1, 3, 40])
def test_moments_are_those_of_all_numbers(columns):
    x = np.random.default_rng(0).normal(3.0, 2.0, size=(50, columns))
    facts = input_facts(x)
    assert (facts.minimum, facts.maximum) == (x.min(), x.max())
    assert (facts.mean, facts.deviation) == pytest.approx((x.mean(), x.std()))


def test_of_an_image_the_channels_are_the_features():
    facts = input_facts(np.ones((3, 8, 8, 3)) * [0.0, 0.5, 1.0])
    assert facts.is_image
    assert sorted(facts.feature_means) == pytest.approx([0.0, 0.5, 1.0])


def adapted(layer, x):
    layer.adapt(x)
    return layer


@pytest.mark.parametrize(
    ("front", "maximum"),
    [
        ([], 255.0),
        ([layers.Rescaling(1 / 255)], 1.0),
        ([layers.Flatten(), layers.Rescaling(1 / 255)], 1.0),
        ([layers.Flatten()], 255.0),
        ([layers.BatchNormalization()], 1.0),
        (["normalization"], 1.0),
        (["standardize"], 1.0),
    ],
)
def test_inputs_are_seen_behind_what_rescales_them(front, maximum):
    x = np.tile([[0.0], [255.0]], (8, 2)).astype("float32")
    own = {"normalization": layers.Normalization, "standardize": Standardize}
    parts = [adapted(own[part](), x) if isinstance(part, str) else part for part in front]
    model = keras.Sequential([keras.Input((2,)), *parts, layers.Dense(2)])
    before = [weight.numpy() if hasattr(weight, "numpy") else weight for weight in model.weights]
    assert input_facts(x, model).maximum == pytest.approx(maximum, abs=1e-3)
    for earlier, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(earlier, now)


def test_indices_are_no_amounts():
    model = keras.Sequential([keras.Input((5,)), layers.Embedding(100, 4), layers.Flatten()])
    assert input_facts(RNG.integers(0, 100, (20, 5)), model).is_index


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (iter([1]), "iterator is read once"),
        (np.array(["a", "b"]), "not numbers"),
        (np.zeros((0, 3)), "empty"),
        (None, "none were given"),
    ],
)
def test_what_cannot_be_read_is_said(data, reason):
    assert reason in why_no_numbers(data)
    assert input_facts(data) is None
    assert target_facts(data) is None


def test_tables_are_laid_side_by_side():
    facts = input_facts({"a": np.ones((4, 2)), "b": np.zeros((4, 1))})
    assert facts.shape == (3,)
