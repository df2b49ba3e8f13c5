"""What `diagnose` takes as `fit` does: weights and datasets; and what it refuses, in one line."""

import keras
import numpy as np
import pytest

import kerasrecipes as kr
from kerasrecipes.diagnosis import batches
from kerasrecipes.diagnosis.bench import Bench
from kerasrecipes.diagnosis.example_weights import example_weights
from kerasrecipes.diagnosis.model_copy import compile_as, model_copy

RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


def program(loss="binary_crossentropy", first=None):
    keras.utils.set_random_seed(0)
    hidden = first or keras.layers.Dense(8, "relu")
    model = keras.Sequential([keras.Input((4,)), hidden, keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.05), loss)
    return model


class Batches(keras.utils.PyDataset):
    """Batches of 40, with weights if asked; endless without a number."""

    def __init__(self, parts=(X, Y), number=6):
        super().__init__()
        self.parts, self.number = parts, number

    def __len__(self):
        return self.number

    @property
    def num_batches(self):
        return self.number

    def __getitem__(self, place):
        rows = slice(40 * (place % 6), 40 * (place % 6) + 40)
        return tuple(part[rows] for part in self.parts)


def test_weighted_steps_end_where_fit_ends():
    model, weights = program(), np.where(Y > 0, 3.0, 0.5)
    copy = model_copy(model)
    compile_as(copy, model)
    bench = Bench(copy, X, Y, batch_size=40, shuffle=False, seed=0, weights=weights)
    costs = bench.train(6)
    history = model.fit(X, Y, sample_weight=weights, batch_size=40, shuffle=False, verbose=0)
    assert costs.mean() == pytest.approx(history.history["loss"][0], rel=1e-4)
    for ours, theirs in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def test_weights_reach_the_probe_and_the_trials():
    blind = kr.diagnose(program(), X, Y, class_weight={0: 0.0}, epochs=12, batch_size=40, seconds=4)
    assert blind.trace.run.skill.train < 0.25  # it only ever learns of one class
    assert blind.trace.run.prior_cost is None
    assert any("levels of the cost" in reason for reason in blind.left_out)
    equal = kr.diagnose(program(), X, Y, sample_weight=np.ones(240), epochs=12, seconds=4)
    assert equal.healthy, str(equal)
    assert equal.trace.run.skill.train > 0.8


@pytest.mark.parametrize("y", [[0, 2, 2], [[0], [2], [2]], np.eye(3)[[0, 2, 2]]])
def test_class_weights_become_example_weights(y):
    assert example_weights(np.asarray(y), None, {2: 0.5}).tolist() == [1.0, 0.5, 0.5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sample_weight": np.ones(5)}, r"each of the 240 examples.*shape \(5,\)"),
        ({"sample_weight": -np.ones(240)}, "a finite number >= 0"),
        ({"sample_weight": np.full(240, np.nan)}, "a finite number >= 0"),
        ({"sample_weight": np.zeros(240)}, "not 0 for all"),
        ({"sample_weight": "balanced"}, "`sample_weight` must hold"),
        ({"class_weight": [1, 2]}, r"class_weight=\[1, 2\]"),
        ({"class_weight": {0: -1.0}}, "finite numbers >= 0"),
        ({"class_weight": {"no": 1.0}}, "dict from class numbers"),
        ({"class_weight": {0: 0, 1: 0}}, "0 for every example"),
        ({"class_weight": {0: 1.0}, "sample_weight": np.ones(240)}, "cannot be given both"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        kr.diagnose(program(), X, Y, **arguments)


def test_a_dataset_of_batches_is_taken_as_fit_takes_it():
    told = kr.diagnose(program(), Batches(), validation_data=Batches(), epochs=12, seconds=4)
    assert told.trace.inputs.examples == 240
    assert told.trace.program.batch_size == 40
    assert told.trace.run.skill.train > 0.8
    assert told.trace.shared_examples == 1.0
    assert told.left_out == ()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.data")
def test_a_tensorflow_dataset_is_taken():
    tensorflow = pytest.importorskip("tensorflow")
    dataset = tensorflow.data.Dataset.from_tensor_slices((X, Y)).batch(24).repeat()
    taken = batches.examples_of(dataset, "x")
    assert (taken.batch_size, taken.is_whole) == (24, False)
    assert len(taken.parts[0]) >= batches.MOST_EXAMPLES


def test_of_an_endless_dataset_the_first_examples_are_taken(monkeypatch):
    monkeypatch.setattr(batches, "MOST_EXAMPLES", 100)
    weighted = Batches((X, Y, np.ones(240, "float32")), number=None)
    told = kr.diagnose(program(), weighted, seconds=2)
    assert told.trace.inputs.examples == 120
    assert "the rest of x: the first 120 examples of the dataset were taken" in told.left_out


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (lambda: (row for row in [(X, Y)]), TypeError, "read again. Received: x=generator"),
        (lambda: 7, TypeError, "Received: x=int"),
        (lambda: X, ValueError, "`y` must be given"),
        (lambda: Batches((X,)), ValueError, r"must hold batches \(x, y\)"),
        (lambda: Batches(number=0), ValueError, "no example in it"),
    ],
)
def test_what_is_no_dataset_is_refused(x, error, message):
    with pytest.raises(error, match=message):
        kr.diagnose(program(), x())


def test_batches_of_different_shapes_are_refused():
    class Ragged(Batches):
        def __getitem__(self, place):
            return X[:, : 2 + place % 2], Y

    with pytest.raises(ValueError, match="must have one shape"):
        kr.diagnose(program(), Ragged())


def test_code_of_the_users_that_raises_is_told_in_one_line():
    def loss(y_true, y_pred):
        raise RuntimeError("a bug of\nmy own")

    with pytest.raises(ValueError, match=r"first training step failed.*a bug of my own") as raised:
        kr.diagnose(program(loss), X, Y, epochs=100, seconds=3)
    assert "\n" not in str(raised.value)


def test_an_optimizer_that_cannot_be_made_again_leaves_out_the_trainings():
    class Own(keras.optimizers.SGD):
        def __init__(self, secret):
            super().__init__(0.1)

    model = program()
    model.compile(Own(1), "binary_crossentropy")
    told = kr.diagnose(model, X, Y, seconds=3)
    assert told.trace.run is None
    assert any("the probe and all retrainings" in reason for reason in told.left_out)
