"""The networks of the recipe."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from kerasrecipes.data import Split
from kerasrecipes.layers import Standardize
from kerasrecipes.recipe import Settings
from kerasrecipes.recipe.network import build_network, with_target_units
from kerasrecipes.recipe.problem import Problem

GENERATOR = np.random.default_rng(0)


def problem(shape=(3,), y=(0, 1, 2), **options):
    x = GENERATOR.normal(5, 3, size=(30, *shape))
    y = np.resize(np.array(y), 30)
    return Problem.of(Split((x, y), (x, y), (None, None)), **options)


def test_standardisation_is_the_first_layer_and_learned_on_train():
    task = problem()
    network = build_network(Settings(), task)
    layer = network.layers[1]
    assert isinstance(layer, Standardize)
    standardised = keras.ops.convert_to_numpy(layer(task.train[0].astype("float32")))
    assert standardised.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-5)
    assert standardised.std(axis=0) == pytest.approx(np.ones(3), abs=1e-5)


@pytest.mark.parametrize("layers", [0, 2])
def test_hidden_layers_and_units_are_as_told(layers):
    network = build_network(Settings(hidden_layers=layers, units=7), problem())
    kernels = [w.shape for w in network.trainable_weights if w.name == "kernel"]
    assert kernels == [*[(3, 7), (7, 7)][:layers], (7 if layers else 3, 3)]


def test_classes_have_probabilities():
    task = problem()
    outputs = build_network(Settings(), task).predict(task.train[0], verbose=0)
    assert outputs.shape == (30, 3)
    assert outputs.sum(axis=1) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("shape", [(8, 8), (9, 7, 3), (28, 28, 1)])
@pytest.mark.parametrize("augment", [False, True])
def test_a_convolutional_network_takes_images_as_they_are(shape, augment):
    task = problem(shape)
    settings = Settings(architecture="convolutional", filters=2, hidden_layers=1, units=4)
    network = build_network(replace(settings, augment=augment, normalize=True), task)
    assert network.predict(task.train[0], verbose=0).shape == (30, 3)
    assert any(len(w.shape) == 4 for w in network.trainable_weights)


def test_the_penalty_is_that_of_the_course():
    network = build_network(Settings(l2=0.6), problem())
    kernel = keras.ops.convert_to_numpy(network.get_layer("y").kernel)
    expected = 0.6 / (2 * 30) * np.square(kernel).sum()
    assert float(sum(network.losses)) == pytest.approx(expected, rel=1e-5)


def test_a_regression_is_given_the_units_of_its_target_back(tmp_path):
    task = problem(y=np.linspace(900.0, 1300.0, 30))
    network = build_network(Settings(), task)
    model = with_target_units(network, task)
    inside = network.predict(task.train[0], verbose=0)
    outside = model.predict(task.train[0], verbose=0)
    assert outside == pytest.approx(task.offset + task.scale * inside, rel=1e-5)
    assert len(model.trainable_variables) == len(network.trainable_variables)


def test_the_units_of_the_target_survive_saving_without_a_warning(tmp_path, recwarn):
    task = problem(y=np.linspace(900.0, 1300.0, 30))
    model = with_target_units(build_network(Settings(), task), task)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    expected = model.predict(task.train[0], verbose=0)
    np.testing.assert_array_equal(loaded.predict(task.train[0], verbose=0), expected)
    assert [
        str(warning.message) for warning in recwarn if "optimizer" in str(warning.message)
    ] == []


def test_a_classification_is_left_as_it_is():
    task = problem()
    network = build_network(Settings(), task)
    assert with_target_units(network, task) is network
