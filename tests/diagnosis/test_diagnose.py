import random

import keras
import numpy as np
import pytest

import kerasrecipes as kr
from kerasrecipes.diagnosis import repair
from tests.diagnosis.own_model import Around

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4)).astype("float32")
Y = (X @ np.array([1.0, -1.0, 0.5, 0.0]) > 0).astype("float32")


def network(units=8):
    return keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(units, "relu"), keras.layers.Dense(1, "sigmoid")]
    )


def program(rate=0.1, optimizer=keras.optimizers.SGD):
    keras.utils.set_random_seed(0)
    model = network()
    model.compile(optimizer(rate), "binary_crossentropy", metrics=["accuracy"])
    return model


def state_of(model):
    weights = [np.array(w) for w in model.get_weights()]
    return (
        weights,
        len(model.optimizer.variables),
        random.getstate(),
        np.random.get_state()[1].tolist(),
    )


@pytest.fixture(scope="module")
def slow():
    """A program whose rate is far too low, its state before, and its diagnosis."""
    model = program(1e-3)
    before = state_of(model)
    return model, before, kr.diagnose(model, X, Y, epochs=10, seconds=12)


def test_a_rate_that_is_too_low_is_named_and_prescribed(slow):
    diagnosis = slow[2]
    assert "learning_rate" in {f.cause for f in diagnosis.findings if f.severity != "note"}
    assert {"rate": 100.0} in [dict(change.settings) for change in diagnosis.prescription()]


def test_nothing_of_the_users_is_changed(slow):
    model, before, _ = slow
    for now, then in zip(model.get_weights(), before[0], strict=True):
        np.testing.assert_array_equal(now, then)
    assert len(model.optimizer.variables) == before[1]


def test_the_random_states_are_as_they_were():
    model = program()
    before = state_of(model)[2:]
    kr.diagnose(model, X, Y, seconds=0.5)
    assert state_of(model)[2:] == before


def of_two_outputs(as_dict):
    """A model whose first output is sound, beside a second of amounts."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((X.shape[1],))
    hidden = keras.layers.Dense(8, "relu")(inputs)
    outputs = {
        "a": keras.layers.Dense(2, "softmax", name="a")(hidden),
        "b": keras.layers.Dense(1, name="b")(hidden),
    }
    model = keras.Model(inputs, outputs if as_dict else list(outputs.values()))
    losses = {"a": "sparse_categorical_crossentropy", "b": "mse"}
    model.compile("adam", losses if as_dict else list(losses.values()))
    return model


@pytest.mark.parametrize("as_dict", [False, True])
def test_of_several_outputs_the_first_is_judged(as_dict):
    labels = (X[:, 0] > 0).astype("int32")
    y = {"a": labels, "b": X[:, 1]} if as_dict else [labels, X[:, 1]]
    found = kr.diagnose(of_two_outputs(as_dict), X, y, seconds=0.5)
    assert found.trace.program.output_activation == "softmax"
    assert found.trace.run.skill.examples == len(X)


def test_a_model_of_one_batch_size_is_read_and_not_trained():
    model = keras.Sequential([keras.Input((X.shape[1],), batch_size=30), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    found = kr.diagnose(model, X, Y, batch_size=30)
    assert "batch sizes [30]" in found.left_out[-1]


def test_a_program_that_learns_is_healthy():
    diagnosis = kr.diagnose(program(0.05, keras.optimizers.Adam), X, Y, epochs=15, seconds=10)
    assert diagnosis.healthy, str(diagnosis)
    assert diagnosis.trace.run.skill.train > 0.9
    assert diagnosis.prescription() == ()


def test_dev_is_compared_with_train_and_a_random_split_is_no_harm():
    dev = (X[200:], Y[200:])
    model = program(0.05, keras.optimizers.Adam)
    options = {"epochs": 15, "seconds": 8}
    random_split = kr.diagnose(model, X[:200], Y[:200], validation_data=dev, **options)
    assert random_split.trace.shared_examples == 0.0
    assert random_split.trace.drift > 1e-3
    assert random_split.healthy, str(random_split)
    told = kr.diagnose(model, X, Y, validation_data=dev, **options)
    assert told.trace.shared_examples == 1.0
    assert told.healthy
    assert "shared-examples" in {finding.code for finding in told.findings}


def test_dev_that_was_not_scaled_is_a_warning():
    y = (X[:, 0] > 0).astype("float32")
    dev = (X[200:] * 50 + 1000, y[200:])
    model = program(0.05, keras.optimizers.Adam)
    told = kr.diagnose(model, X[:200], y[:200], validation_data=dev, epochs=15, seconds=8)
    named = {(found.code, found.cause) for found in told.findings if found.severity != "note"}
    assert ("train-dev-drift", "preprocessing") in named


def test_the_first_layer_and_step_of_a_nan_are_found():
    x = X.copy()
    x[7] = np.inf
    run = kr.diagnose(program(), x, Y, shuffle=False, batch_size=5, seconds=3).trace.run
    assert run.not_finite == (1, "x")


def test_a_model_that_cannot_be_copied_is_still_read_and_what_is_left_out_is_said():
    model = Around(keras.layers.Dense(1, "sigmoid"))
    model.compile("sgd", "binary_crossentropy")
    model(X)
    diagnosis = kr.diagnose(model, X, Y, seconds=5)
    assert diagnosis.trace.run is None
    assert any("retrainings" in reason for reason in diagnosis.left_out)
    assert "left out" in str(diagnosis)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": Y[:5]}, r"lengths \[300, 5\]"),
        ({"x": X[:0], "y": Y[:0]}, r"must hold examples. Received: lengths \[0, 0\]"),
        ({"epochs": 0}, "epochs=0"),
        ({"batch_size": 2.5}, "batch_size=2.5"),
        ({"seconds": 0}, "seconds=0"),
        ({"x": X[:, :2]}, "must fit the model"),
        ({"validation_data": (X[:, :2], Y)}, r"validation_data of shapes \(\(300, 2\)"),
        ({"x": X.astype(object)}, "Received: x of type object"),
        ({"x": [[1.0, 2.0], [3.0]]}, "rows of one length"),
        ({"x": list(X)}, r"4, \.\.\.\]\. .*np\.stack"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        kr.diagnose(program(), **{"x": X, "y": Y, **arguments})


def test_generators_are_refused_with_what_to_do():
    with pytest.raises(TypeError, match=r"Received: x=generator\. Take some"):
        kr.diagnose(program(), (row for row in X), Y)


def test_a_model_that_is_not_compiled_is_refused():
    with pytest.raises(ValueError, match="must be compiled"):
        kr.diagnose(network(), X, Y)


def test_a_repair_keeps_what_helps_and_says_it():
    optimizer = keras.optimizers.SGD(1e-3)
    arguments = {"optimizer": optimizer, "loss": "binary_crossentropy"}
    result = repair(network, arguments, (X, Y), epochs=10, seconds=25)
    assert result.skill_before < 0.25 < 0.8 < result.skill_after
    assert result.kept
    assert "Kept" in str(result)
    assert not optimizer.built
    predicted = np.asarray(result.model.predict(X))[:, 0] > 0.5
    assert (predicted == (Y > 0.5)).mean() > 0.85


def test_data_of_three_parts_cannot_be_repaired():
    with pytest.raises(ValueError, match="tuple of length 3"):
        repair(network, {"loss": "mse"}, (X, Y, X))
