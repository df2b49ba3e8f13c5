"""`kerasrecipes check-gradients`: 0 where the gradient is right, 1 where not, 2 where it cannot."""

import json

import keras
import numpy as np
import pandas
import pytest
from keras import ops

from tests.cli.command import call, refusal
from tests.cli.finished_runs import finished


@keras.saving.register_keras_serializable(package="kerasrecipes tests")
class HalfGradient(keras.layers.Dense):
    """A dense layer whose kernel has half the gradient it should have."""

    def call(self, inputs):
        kernel = ops.convert_to_tensor(self.kernel)
        return ops.matmul(inputs, (kernel + ops.stop_gradient(kernel)) / 2) + self.bias


def save(path, output, loss=None, activation=None):
    model = keras.Sequential([keras.Input((4,)), output])
    if loss is not None:
        model.compile(loss=loss)
    model.save(path)
    return path


@pytest.fixture
def folder(tmp_path):
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(30, 4)), np.arange(30) % 3
    np.savez(tmp_path / "data.npz", x=x, y=y)
    np.savez(tmp_path / "two.npz", x=x, y=y > 0)
    np.savez(tmp_path / "numbers.npz", x=x, y=x.sum(axis=1))
    return tmp_path


@pytest.mark.parametrize("kind", ["table", "images", "numbers"])
def test_the_model_of_a_run_passes(kind):
    run = finished(kind)
    outcome = call("check-gradients", run.directory, run.data)
    assert outcome.status == 0, outcome
    assert outcome.err == ""
    assert "gradient check" in outcome.out
    assert "passed" in outcome.out


def test_a_run_knows_its_target_wherever_the_column_lies(tmp_path):
    run = finished("numbers")
    frame = pandas.read_parquet(run.data)
    frame[["price", "p", "q", "r"]].round().to_csv(tmp_path / "moved.csv", index=False)
    outcome = call("check-gradients", run.directory, "moved.csv", directory=tmp_path)
    assert outcome.status == 0, outcome


@pytest.mark.parametrize(
    ("units", "activation", "loss", "data"),
    [
        (3, "softmax", "sparse_categorical_crossentropy", "data.npz"),
        (3, "softmax", "categorical_crossentropy", "data.npz"),
        (1, "sigmoid", "binary_crossentropy", "two.npz"),
        (1, None, "mse", "numbers.npz"),
        (3, None, keras.losses.SparseCategoricalCrossentropy(from_logits=True), "data.npz"),
    ],
)
def test_a_saved_model_is_given_targets_as_its_loss_takes_them(
    units, activation, loss, data, folder
):
    save(folder / "a.keras", keras.layers.Dense(units, activation), loss)
    outcome = call("check-gradients", "a.keras", data, directory=folder)
    assert outcome.status == 0, outcome
    assert outcome.err == ""
    assert "passed" in outcome.out


def test_a_wrong_gradient_ends_with_status_1_and_names_its_variable(folder):
    save(folder / "a.keras", HalfGradient(3, name="half"), "mse")
    outcome = call("check-gradients", "a.keras", "data.npz", directory=folder)
    assert outcome.status == 1, outcome
    assert "FAILED, bad" in outcome.out
    assert "largest disagreements:" in outcome.out
    assert "half/kernel" in outcome.out


def test_a_model_without_a_loss_needs_one(folder):
    save(folder / "a.keras", keras.layers.Dense(3, "softmax"))
    line = refusal("check-gradients", "a.keras", "data.npz", directory=folder)
    assert "`a.keras` was saved without a loss: name one, as in --loss sparse_categorical" in line
    named = ("--loss", "sparse_categorical_crossentropy")
    assert call("check-gradients", "a.keras", "data.npz", *named, directory=folder).status == 0


@pytest.mark.parametrize(
    ("model", "data", "options", "words"),
    [
        ("nix.keras", "data.npz", (), "`nix.keras` does not exist: give a .keras file or the dir"),
        ("data.npz", "data.npz", (), "`data.npz` is no `.keras` file"),
        ("half.keras", "data.npz", (), "`half.keras` cannot be loaded ("),
        (".", "data.npz", (), "`.` is not the directory of a finished run"),
        ("a.keras", "nix.npz", (), "there is no file `nix.npz`"),
        ("a.keras", "wide.npz", (), "the model takes rows of 4 numbers (4,), and these have 5"),
        ("a.keras", "many.npz", (), "the model has 3 outputs, and the target has 7 classes"),
        ("a.keras", "numbers.npz", (), "the model has 3 outputs, and the target has one number"),
        ("a.keras", "data.npz", ("--method", "fast"), "--method must be exact, directional or"),
        ("a.keras", "data.npz", ("--loss", "x"), "--loss must name a loss of Keras, such as mse"),
        ("a.keras", "data.npz", ("--target", "y"), "`target` chooses a column of a table"),
    ],
)  # fmt: skip
def test_what_cannot_be_checked_is_refused(model, data, options, words, folder):
    save(folder / "a.keras", keras.layers.Dense(3, "softmax"), "sparse_categorical_crossentropy")
    (folder / "half.keras").write_bytes((folder / "a.keras").read_bytes()[:2000])
    np.savez(folder / "wide.npz", x=np.ones((30, 5)), y=np.arange(30) % 3)
    np.savez(folder / "many.npz", x=np.ones((30, 4)), y=np.arange(30) % 7)
    assert words in refusal("check-gradients", model, data, *options, directory=folder)


def test_as_json_it_says_the_same_and_nothing_else(folder):
    save(folder / "wrong.keras", HalfGradient(1, name="half"), "mse")
    outcome = call("check-gradients", "wrong.keras", "numbers.npz", "--json", directory=folder)
    assert outcome.status == 1
    told = json.loads(outcome.out)
    assert told["passed"] is False
    assert told["variables"]["half/kernel"]["passed"] is False
    assert told["variables"]["half/bias"]["passed"] is True
    assert told["worst"][0]["variable"] == "half/kernel"
