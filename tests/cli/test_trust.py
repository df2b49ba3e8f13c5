"""Every command that loads a model refuses what would run, and says how to allow it."""

import json
import os

import keras
import numpy as np
import pytest

from kerasrecipes.data import TargetEncoding
from kerasrecipes.recipe.run_encoding import RunEncoding
from tests.cli.command import call, refusal
from tests.model_files.crafted import with_activation, with_members

COMMANDS = {
    "predict": ("predict", "run", "data.npz"),
    "check-gradients": ("check-gradients", "run", "data.npz"),
    "check-gradients of a file": ("check-gradients", "run/model.keras", "data.npz"),
    "diagnose": ("diagnose", "run/model.keras", "data.npz", "--seconds", "0.1"),
}


@pytest.fixture
def folder(tmp_path):
    """Data, and a run whose model is still missing."""
    run = tmp_path / "run"
    run.mkdir()
    target = TargetEncoding("classification", (0, 1))
    encoding = RunEncoding(None, target, "y", (2,), ()).to_dict()
    (run / "encoding.json").write_text(json.dumps(encoding))
    (run / "result.json").write_text("{}")
    np.savez(tmp_path / "data.npz", x=np.eye(2)[[0, 1] * 10], y=[0, 1] * 10)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_command_named_in_a_model_is_not_run(command, folder):
    gadget = {"module": "os", "class_name": "function", "config": "system"}
    with_activation(folder / "run" / "model.keras", {**gadget, "registered_name": "system"})
    line = refusal(*command, directory=folder)
    assert "`model.keras` names `os`, `system`, which is no part of a Keras model" in line


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_member_outside_the_archive_is_not_written(command, folder):
    with_members(folder / "run" / "model.keras", [("../../escaped.txt", b"text")])
    assert "a path outside the archive" in refusal(*command, directory=folder)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_lambda_is_refused_unless_its_code_is_allowed(command, folder):
    twice = keras.layers.Lambda(lambda x: 2 * x)
    model = keras.Sequential([keras.Input((2,)), twice, keras.layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.save(folder / "run" / "model.keras")
    assert "--allow-code" in refusal(*command, directory=folder)
    outcome = call(*command, "--allow-code", directory=folder)
    assert outcome.status in (0, 1), outcome
    assert outcome.err == ""


def test_an_encoding_that_never_ends_is_not_read(folder):
    with_members(folder / "run" / "model.keras")
    (folder / "run" / "encoding.json").unlink()
    os.mkfifo(folder / "run" / "encoding.json")
    outcome = call("predict", "run", "data.npz", directory=folder)
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert "encoding.json` cannot be used (it is no file)" in outcome.err


def test_predictions_take_the_place_of_a_link_and_do_not_follow_it(folder):
    with_members(folder / "run" / "model.keras")
    outside = folder / "outside.csv"
    outside.write_text("as it was")
    (folder / "run" / "predictions.csv").symlink_to(outside)
    assert call("predict", "run", "data.npz", directory=folder).status == 0
    assert outside.read_text() == "as it was"
    assert not (folder / "run" / "predictions.csv").is_symlink()
