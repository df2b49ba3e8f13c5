import json
import os
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.ensembles import Ensemble

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(32, 3)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


def build(loss="binary_crossentropy", **options):
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4, "relu"), layers.Dense(1, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.01), loss, **options)
    return model


def two_outputs():
    inputs = {"a": keras.Input((2,), name="a"), "b": keras.Input((1,), name="b")}
    joined = layers.Concatenate()([inputs["a"], inputs["b"]])
    outputs = {
        "label": layers.Dense(2, "softmax", name="label")(joined),
        "size": layers.Dense(1, name="size")(joined),
    }
    model = keras.Model(inputs, outputs)
    model.compile(
        loss={"label": "sparse_categorical_crossentropy", "size": "mse"},
        loss_weights={"label": 0.0, "size": 2.0},
        metrics={"label": ["accuracy"]},
    )
    return model


@pytest.fixture(scope="module")
def ensemble():
    return Ensemble.train(
        lambda: build(metrics=["accuracy"]), X, Y, members=3, epochs=2, validation_data=(X, Y)
    )


def mean_of_members(ensemble, x):
    parts = [member.predict(x, verbose=0) for member in ensemble.members]
    return keras.tree.map_structure(lambda *arrays: np.mean(arrays, axis=0), *parts)


def test_the_output_is_the_mean_of_the_members(ensemble):
    members = [member.predict(X, verbose=0) for member in ensemble.members]
    assert np.abs(members[0] - members[1]).max() > 1e-3
    np.testing.assert_allclose(ensemble.predict(X, verbose=0), np.mean(members, axis=0), rtol=1e-5)


def test_one_member_is_its_own_mean():
    member = build()
    np.testing.assert_allclose(
        Ensemble([member]).predict(X, verbose=0), member.predict(X, verbose=0), rtol=1e-6
    )


def test_it_evaluates_with_the_members_loss_and_metrics(ensemble):
    found = ensemble.evaluate(X, Y, verbose=0, return_dict=True)
    outputs = mean_of_members(ensemble, X)
    expected = -np.mean(Y * np.log(outputs) + (1 - Y) * np.log(1 - outputs))
    assert found["loss"] == pytest.approx(expected, rel=1e-4)
    assert found["accuracy"] == pytest.approx(np.mean((outputs > 0.5) == Y))


def test_a_trained_member_is_compiled_as_it_was(ensemble):
    member = ensemble.members[0]
    assert float(member.optimizer.learning_rate) == pytest.approx(0.01)
    assert len(member.optimizer.variables) == 2  # no memory of the training
    assert member.evaluate(X, Y, verbose=0, return_dict=True) == pytest.approx(
        {name: ensemble.histories[0][f"val_{name}"][-1] for name in ("loss", "accuracy")}, rel=1e-4
    )


def test_each_member_has_its_history(ensemble):
    assert [len(history["val_loss"]) for history in ensemble.histories] == [2, 2, 2]
    assert ensemble.histories[0]["loss"] != ensemble.histories[1]["loss"]


def test_the_same_seed_trains_the_same_members():
    def weights(seed):
        trained = Ensemble.train(build, X, Y, members=2, seed=seed, bootstrap=True)
        return [member.get_weights()[0] for member in trained.members]

    one, two, other = weights(4), weights(4), weights(5)
    np.testing.assert_array_equal(one, two)
    assert np.abs(one[0] - other[0]).max() > 1e-3
    np.testing.assert_array_equal(one[1], other[0])  # member k has the seed `seed + k`


class Mean(layers.Layer):
    """Learns the mean of the targets."""

    def build(self, shape):
        self.mean = self.add_weight(shape=(1,), initializer="zeros")

    def call(self, inputs):
        return inputs * 0 + self.mean


@pytest.mark.parametrize("weighted", [False, True])
def test_bootstrap_draws_examples_with_their_weights(weighted):
    def build_mean():
        model = keras.Sequential([keras.Input((1,)), Mean()])
        model.compile(keras.optimizers.SGD(0.5), "mse")
        return model

    y = np.arange(20.0)[:, None]
    weight = (np.arange(20) % 2).astype("float32") if weighted else np.ones(20, "float32")
    options = {"sample_weight": weight} if weighted else {}
    trained = Ensemble.train(
        build_mean, y * 0, y, members=2, bootstrap=True, batch_size=20, seed=3, **options
    )
    for number, member in enumerate(trained.members):
        rows = np.random.default_rng(3 + number).integers(0, 20, 20)
        step = 0.5 * np.mean(weight[rows] * 2 * y[rows, 0])
        assert member.get_weights()[0][0] == pytest.approx(step, rel=1e-4)


def test_new_callbacks_for_each_member():
    made = []

    def callbacks():
        made.append(keras.callbacks.History())
        return [made[-1]]

    Ensemble.train(build, X, Y, members=2, callbacks=callbacks)
    assert len({id(callback) for callback in made}) == 2
    assert all(len(callback.epoch) == 1 for callback in made)


LOADER = """
import sys
if {jax}:
    sys.modules["tensorflow"] = None
import json, keras, numpy as np
model = keras.saving.load_model({path!r})
assert not any(name.startswith("kerasrecipes") for name in sys.modules)
outputs = model.predict(np.load({data!r}), verbose=0)
print(json.dumps([type(model).__name__, model.compiled, outputs.tolist()]))
"""


def test_the_file_loads_in_a_fresh_process_without_this_library(ensemble, tmp_path):
    path, data = str(tmp_path / "model.keras"), str(tmp_path / "x.npy")
    ensemble.save(path)
    np.save(data, X)
    code = LOADER.format(path=path, data=data, jax=keras.backend.backend() == "jax")
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "KERAS_BACKEND": keras.backend.backend()},
    )
    assert done.returncode == 0, done.stderr
    kind, compiled, outputs = json.loads(done.stdout.splitlines()[-1])
    assert (kind, compiled) == ("Functional", True)
    np.testing.assert_allclose(outputs, ensemble.predict(X, verbose=0), rtol=1e-5)


def test_the_file_has_nothing_of_the_members_training(ensemble, tmp_path):
    ensemble.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        config = json.loads(archive.read("config.json"))
    members = [layer for layer in config["config"]["layers"] if "member" in layer["name"]]
    assert len(members) == 3
    assert not any(member.get("compile_config") for member in members)
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert len(again.optimizer.variables) == 2  # the step and the rate
    assert again.evaluate(X, Y, verbose=0) == pytest.approx(
        ensemble.evaluate(X, Y, verbose=0), rel=1e-5
    )


def test_members_with_a_loss_of_the_user_s_own_are_saved_too(tmp_path):
    trained = Ensemble.train(lambda: build(lambda y, p: ops.mean((y - p) ** 2)), X, Y, members=2)
    trained.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert not again.compiled
    np.testing.assert_allclose(
        again.predict(X, verbose=0), trained.predict(X, verbose=0), rtol=1e-5
    )
    assert trained.evaluate(X, Y, verbose=0) > 0


@pytest.mark.filterwarnings("error::UserWarning:keras")
def test_keras_s_own_save_model_brings_back_an_ensemble(ensemble, tmp_path):
    keras.saving.save_model(ensemble, tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again, Ensemble)
    assert [member.name for member in again.members] == ["member_0", "member_1", "member_2"]
    np.testing.assert_allclose(
        again.predict(X, verbose=0), ensemble.predict(X, verbose=0), rtol=1e-5
    )


def test_dictionaries_of_inputs_and_outputs(tmp_path):
    x = {"a": X[:, :2], "b": X[:, 2:]}
    y = {"label": Y[:, 0], "size": X[:, :1]}
    trained = Ensemble.train(two_outputs, x, y, members=2)
    expected = mean_of_members(trained, x)
    outputs = trained.predict(x, verbose=0)
    assert set(outputs) == {"label", "size"}
    for name in outputs:
        np.testing.assert_allclose(outputs[name], expected[name], rtol=1e-5, atol=1e-6)
    scores = trained.evaluate(x, y, verbose=0, return_dict=True)
    assert scores["loss"] == pytest.approx(
        2 * np.mean((outputs["size"] - y["size"]) ** 2), rel=1e-4
    )
    assert scores["label_accuracy"] == pytest.approx(
        np.mean(outputs["label"].argmax(axis=1) == y["label"])
    )
    trained.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(scores, rel=1e-4)


def test_models_of_the_user_s_own_keep_their_names_where_they_differ():
    one, two = build(), build()
    one.name, two.name = "small", "large"
    Ensemble([one, two])
    assert (one.name, two.name) == ("small", "large")
    two.name = "small"
    assert [member.name for member in Ensemble([one, two]).members] == ["member_0", "member_1"]


def test_weights_are_saved_and_loaded_by_themselves(ensemble, tmp_path):
    ensemble.save_weights(tmp_path / "it.weights.h5")
    other = Ensemble([build() for _ in range(3)])
    other.load_weights(tmp_path / "it.weights.h5")
    np.testing.assert_allclose(other.predict(X, verbose=0), ensemble.predict(X, verbose=0))
    assert other.count_params() == 3 * build().count_params()


def lone(shape=(3,), units=1):
    return keras.Sequential([keras.Input(shape), layers.Dense(units)], name="lone")


@pytest.fixture(scope="module")
def model():
    return lone()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (lambda model: [], r"at least one model. Received: members=\[\]"),
        (lambda model: [model, model], r"different models.*twice among \['lone', 'lone'\]"),
        (lambda model: [model, lone(units=2)], r"outputs of one shape.*\(None, 1\), \(None, 2\)"),
        (lambda model: [model, lone((4,))], r"inputs of one shape.*\(None, 3\), \(None, 4\)"),
        (lambda model: [model, "lone"], "must be keras models. Received: 'lone'"),
        (lambda model: [keras.Model(name="sub")], r"functional or sequential.*'sub' \(Model\)"),
    ],
    ids=["none", "twice", "outputs", "inputs", "text", "subclassed"],
)
def test_members_that_cannot_be_averaged_are_refused(model, members, message):
    with pytest.raises(ValueError, match=message):
        Ensemble(members(model))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"members": 0}, ValueError, "`members` must be an integer >= 1. Received: members=0"),
        ({"members": 2.0}, ValueError, "`members` must .* members=2.0"),
        ({"callbacks": []}, TypeError, r"`callbacks` must be a function.* callbacks=\[\]"),
        ({"epoch": 3}, TypeError, "unexpected keyword argument 'epoch'"),
        ({"bootstrap": True, "y": None}, ValueError, "`bootstrap` .* Received: y=None"),
        (
            {"bootstrap": True, "validation_split": 0.25},
            ValueError,
            "`bootstrap` .* validation_split=0.25. Pass validation_data",
        ),
    ],
)
def test_arguments_of_train_are_checked(options, error, message):
    with pytest.raises(error, match=message):
        Ensemble.train(build, **{"x": X, "y": Y, **options})


def test_build_must_return_a_compiled_model():
    with pytest.raises(
        ValueError, match=r"`build` must return a compiled .* Received: <Sequential"
    ):
        Ensemble.train(lone, X, Y)


def test_build_must_return_a_new_model_each_time():
    model = build()
    with pytest.raises(ValueError, match=r"a new model each time. Received: '.*' again"):
        Ensemble.train(lambda: model, X, Y, members=2)


def test_members_trained_together_end_as_by_their_own_fit():
    x, y = np.random.default_rng(0).normal(size=(2, 40, 2)).astype("float32")

    def build():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "tanh")])
        model.add(keras.layers.Dense(2))
        model.compile(keras.optimizers.Adam(0.01), "mse")
        return model

    both = [
        Ensemble.train(build, x, y, members=2, epochs=3, shuffle=False, together=together)
        for together in (True, False)
    ]
    for ours, its in zip(both[0].get_weights(), both[1].get_weights(), strict=True):
        np.testing.assert_allclose(ours, its, rtol=1e-4, atol=1e-6)
    assert both[0].histories[1]["loss"] == pytest.approx(both[1].histories[1]["loss"], rel=1e-4)
