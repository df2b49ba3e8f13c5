"""No layer, loss, activation or model of Keras's is blamed, and none is forgotten."""

import functools

import keras
import pytest

from benchmarks.gradient_cases.every_layer import EXCLUDED, LAYERS, classes_in, keras_layers
from benchmarks.gradient_cases.every_loss import (
    EXCLUDED_LOSSES,
    every_activation,
    every_loss,
    keras_activations,
    keras_losses,
)
from benchmarks.gradient_cases.every_model import MODELS
from kerasrecipes.gradients import gradient_check

# XLA compiles a second for each check: on JAX a sixth of the rows runs here, all in the benchmark.
EVERY = 1 if keras.backend.backend() == "tensorflow" else 6


@functools.cache
def layer_trial(name):
    return LAYERS[name]()


def checked(trial):
    return gradient_check(trial.model, trial.x, trial.y, **trial.options)


@pytest.mark.parametrize("name", list(LAYERS)[::EVERY])
def test_a_layer_is_not_blamed(name):
    check = checked(layer_trial(name))
    assert check.passed, check
    assert check.verdict == "great"
    assert len(check.kinks) <= 2


@pytest.mark.parametrize("name", list(MODELS)[::EVERY])
def test_a_model_is_not_blamed(name):
    check = checked(MODELS[name]())
    assert check.passed, check
    assert check.verdict == "great"


@pytest.mark.parametrize("build", [every_loss, every_activation])
def test_no_loss_and_no_activation_is_blamed(build):
    check = checked(build())
    assert check.passed, check
    assert not check.kinks


def test_kinks_are_met_and_set_apart():
    assert [e.variable.split("/")[-2:] for e in checked(layer_trial("Dense")).kinks] == [
        ["before", "bias"]
    ]


def test_every_layer_that_may_have_weights_is_checked_or_excluded_with_a_reason():
    covered = set().union(*(classes_in(layer_trial(name).model) for name in LAYERS))
    left = {name for name, kind in keras_layers().items() if kind not in covered}
    assert left == set(EXCLUDED)


def test_every_loss_and_every_activation_is_checked_or_excluded_with_a_reason():
    losses, activations = every_loss().model, every_activation().model
    assert set(losses.output_names) == set(keras_losses()) - set(EXCLUDED_LOSSES)
    assert {layer.name for layer in activations.layers} >= set(keras_activations())
    assert set(EXCLUDED_LOSSES) <= set(keras_losses())
