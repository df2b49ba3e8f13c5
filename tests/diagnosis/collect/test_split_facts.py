import time

import numpy as np
import pytest

from kerasrecipes.diagnosis.collect import SplitFacts, split_facts

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 3)).astype("float32")


def random_halves(x, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    return x[order[: len(x) // 2]], x[order[len(x) // 2 :]]


@pytest.mark.parametrize(
    "x",
    [
        X,
        np.round(X),  # few values: Fisher's test
        np.exp(4 * X),  # heavy tails
        (RNG.random((600, 300)) < 0.03).astype("float32"),  # rare ones in many columns
        RNG.normal(size=(600, 8, 8, 1)),
    ],
    ids=["normal", "few values", "heavy tails", "rare", "images"],
)
def test_random_splits_seldom_look_like_drift(x):
    p_values = [split_facts(*random_halves(x, seed)).drift for seed in range(20)]
    assert min(p_values) > 1e-3
    assert np.mean(np.array(p_values) < 0.05) <= 0.15


@pytest.mark.parametrize(
    "dev",
    [X[300:] * 50 + 100, X[300:] + np.array([0, 0, 1]), np.sort(X, axis=0)[300:]],
    ids=["not scaled", "one feature moved", "split in order"],
)
def test_drift_is_seen(dev):
    assert split_facts(X[:300], dev).drift < 1e-6


@pytest.mark.parametrize(
    ("dev", "share"),
    [
        (X[300:], 0.0),
        (X[:300], 1.0),
        (np.concatenate([X[:30], X[300:570]]), 0.1),
        (X[:300].astype("float64"), 1.0),  # the same numbers in another type
    ],
)
def test_examples_of_dev_that_are_in_train_are_counted(dev, share):
    assert split_facts(X[:300], dev).shared_examples == pytest.approx(share)


def test_a_row_is_shared_only_if_every_input_is():
    train = {"a": X[:300], "b": X[:300, :1]}
    dev = {"a": X[:300], "b": np.concatenate([X[:150, :1], X[450:, :1]])}
    facts = split_facts(train, dev)
    assert facts.shared_examples == 0.5
    assert facts.drift > 1e-3


def test_what_cannot_be_told_is_none():
    holes = np.where(np.arange(300)[:, None] == 7, np.nan, X[:300])
    assert split_facts(iter(X), X) == SplitFacts(None, None)
    assert split_facts(X, X[:, :2]) == SplitFacts(None, None)
    assert split_facts(holes, X[300:]).drift is None
    assert split_facts(X[:300], X[300:305]) == SplitFacts(None, 0.0)


def test_a_large_set_takes_well_under_a_second():
    x = RNG.normal(size=(10_000, 784)).astype("float32")
    begins = time.process_time()
    facts = split_facts(x[:8_000], x[8_000:])
    assert time.process_time() - begins < 0.8
    assert facts.drift > 1e-3
    assert facts.shared_examples == 0.0
