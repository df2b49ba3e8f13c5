"""Faults of the output layer and the loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from doctor_bench.fault import fault
from doctor_bench.program import Layer, Program, layer

EXCLUSIVE, PROBABILITIES = ("classes",), ("classes", "binary", "multilabel")


def _given_probabilities(program: Program) -> bool:
    return program.task in PROBABILITIES and not program.loss_options.get("from_logits")


@fault("activation", "loss")  # the loss may take logits instead
def linear_output(program: Program, random: np.random.Generator) -> Program | None:
    """No softmax or sigmoid, and a loss that expects probabilities."""
    return program.with_output(activation="linear") if _given_probabilities(program) else None


@fault("activation")
def sigmoid_for_exclusive_classes(program: Program, random: np.random.Generator) -> Program | None:
    if program.task != "classes" or not _given_probabilities(program):
        return None
    return program.with_output(activation="sigmoid")


@fault("activation")
def softmax_for_several_labels(program: Program, random: np.random.Generator) -> Program | None:
    return program.with_output(activation="softmax") if program.task == "multilabel" else None


@fault("activation", "layers")  # or two units
def softmax_of_one_unit(program: Program, random: np.random.Generator) -> Program | None:
    return program.with_output(activation="softmax") if program.task == "binary" else None


@fault("activation")
def relu_for_probabilities(program: Program, random: np.random.Generator) -> Program | None:
    return program.with_output(activation="relu") if _given_probabilities(program) else None


@fault("activation")
def tanh_for_probabilities(program: Program, random: np.random.Generator) -> Program | None:
    return program.with_output(activation="tanh") if _given_probabilities(program) else None


@fault("activation")
def relu_for_signed_targets(program: Program, random: np.random.Generator) -> Program | None:
    if program.task != "regression" or program.y.min() >= 0:
        return None
    return program.with_output(activation="relu")


@fault("activation")
def sigmoid_for_any_number(program: Program, random: np.random.Generator) -> Program | None:
    if program.task != "regression" or program.y.min() >= 0:
        return None
    return program.with_output(activation="sigmoid")


@fault("activation")
def softmax_for_regression(program: Program, random: np.random.Generator) -> Program | None:
    return program.with_output(activation="softmax") if program.task == "regression" else None


@fault("loss")
def squared_error_on_classes(program: Program, random: np.random.Generator) -> Program | None:
    return _on_vectors(program, "mean_squared_error")


@fault("loss")
def absolute_error_on_classes(program: Program, random: np.random.Generator) -> Program | None:
    return _on_vectors(program, "mean_absolute_error")


@fault("loss")
def hinge_on_probabilities(program: Program, random: np.random.Generator) -> Program | None:
    return _on_vectors(program, "hinge")


def _on_vectors(program: Program, loss: str) -> Program | None:
    whole = program.y.ndim == 2 and program.y.shape[1] == program.output.options["units"]
    return program.with_loss(loss) if whole and _given_probabilities(program) else None


@fault("loss", "activation", "layers", "data")  # the targets' encoding is the other half of it
def squared_error_on_class_numbers(program: Program, random: np.random.Generator) -> Program | None:
    """Softmax of K units against one number: broadcast, and never to be met."""
    if program.task != "classes" or program.y.ndim == 2:
        return None
    return program.with_loss("mean_squared_error")


@fault("loss")
def binary_cross_entropy_on_numbers(
    program: Program, random: np.random.Generator
) -> Program | None:
    if program.task != "regression" or program.y.min() >= 0:
        return None
    return program.with_loss("binary_crossentropy")


@fault("loss")
def logarithmic_error_on_signed_targets(
    program: Program, random: np.random.Generator
) -> Program | None:
    if program.task != "regression" or program.y.min() >= 0:
        return None
    return program.with_loss("mean_squared_logarithmic_error")


@fault("loss")
def poisson_on_signed_targets(program: Program, random: np.random.Generator) -> Program | None:
    if program.task != "regression" or program.y.min() >= 0:
        return None
    return program.with_loss("poisson")


@fault("loss", "activation")  # softmax of two units would fit this loss
def categorical_cross_entropy_of_one_unit(
    program: Program, random: np.random.Generator
) -> Program | None:
    """Always 0: one probability, normalised, is 1."""
    return program.with_loss("categorical_crossentropy") if program.task == "binary" else None


@fault("loss")
def categorical_cross_entropy_of_several_labels(
    program: Program, random: np.random.Generator
) -> Program | None:
    return program.with_loss("categorical_crossentropy") if program.task == "multilabel" else None


@fault("loss", "activation", "layers")
def one_unit_for_many_classes(program: Program, random: np.random.Generator) -> Program | None:
    """A sigmoid and binary cross-entropy on class numbers 0 to K - 1."""
    if program.task != "classes" or program.y.ndim == 2:
        return None
    changed = program.with_output(units=1, activation="sigmoid")
    return changed.with_loss("binary_crossentropy")


@fault("loss", "activation")
def from_logits_on_probabilities(program: Program, random: np.random.Generator) -> Program | None:
    if not _given_probabilities(program):
        return None
    losses = {
        "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
        "categorical_crossentropy": "CategoricalCrossentropy",
        "binary_crossentropy": "BinaryCrossentropy",
    }
    return program.with_loss(losses[program.loss], from_logits=True)


@fault("loss", "activation")
def from_logits_forgotten(program: Program, random: np.random.Generator) -> Program | None:
    if not program.loss_options.get("from_logits"):
        return None
    return program.with_loss("sparse_categorical_crossentropy")


@fault("activation", "layers")
def double_softmax(program: Program, random: np.random.Generator) -> Program | None:
    if program.output.options.get("activation") != "softmax":
        return None
    return _append(program, layer("Softmax"))


@fault("activation", "layers")
def double_sigmoid(program: Program, random: np.random.Generator) -> Program | None:
    if program.output.options.get("activation") != "sigmoid":
        return None
    return _append(program, layer("Activation", activation="sigmoid"))


def _append(program: Program, last: Layer) -> Program:
    return replace(program, layers=(*program.layers, last))
