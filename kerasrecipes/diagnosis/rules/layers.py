"""The layers between input and output."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import severity
from kerasrecipes.diagnosis.rules.reading import PLAIN_KINDS, hidden_layers, is_classification
from kerasrecipes.diagnosis.trace import LayerFacts, Trace

REFERENCE = "course 1, week 3, why non-linear activation functions"
# Layers that leave a linear map linear.
LINEAR_FOLLOWERS = ("Flatten", "Reshape", "Permute", "ZeroPadding", "Cropping", "UpSampling")
SATURATING = {"sigmoid": 2, "hard_sigmoid": 2, "tanh": 5, "softsign": 5}  # how many are deep


def missing_nonlinearity(trace: Trace) -> Iterator[Finding]:
    """A hidden layer without an activation in front of another: both are one linear map.

    The first adds weights and no power. Factorised layers are made so on purpose, so that it weighs
    only in a program that fails. Pooling by the maximum in between is an activation of its own.
    """
    for layer, follower in itertools.pairwise(trace.program.layers):
        if _is_linear(layer) and follower.kind in PLAIN_KINDS and layer.units:
            yield Finding(
                "missing-nonlinearity",
                cause="activation",
                severity=severity(trace),
                where=layer.name,
                evidence={"units": layer.units, "linear_layers_in_a_row": 2},
                advice=f"Write {_line(layer, 'relu')}: without it this layer and the next are one.",
                reference=REFERENCE,
            )


def _is_linear(layer: LayerFacts) -> bool:
    if layer.activation != "linear" or layer.kind not in PLAIN_KINDS:
        return False
    return all(
        name.startswith((*LINEAR_FOLLOWERS, "Average", "GlobalAverage")) or "Dropout" in name
        for name in layer.followed_by
    )


def _line(layer: LayerFacts, activation: str) -> str:
    window = "" if layer.kind == "Dense" else "..., "
    return f'{layer.kind}({layer.units}, {window}activation="{activation}")'


def softmax_inside(trace: Trace) -> Iterator[Finding]:
    """A softmax in a hidden layer: its outputs share 1, so that each is small and tied to others.

    Gradients shrink by about the number of units. Attention and mixtures are made so on purpose;
    they use no dense layer's activation for it.
    """
    for layer in hidden_layers(trace):
        if layer.activation == "softmax" and layer.kind in PLAIN_KINDS and layer.units:
            yield Finding(
                "softmax-inside",
                cause="activation",
                severity=severity(trace),
                where=layer.name,
                evidence={"units": layer.units, "mean_output": 1 / layer.units},
                advice=f"Write {_line(layer, 'relu')}.",
                reference=REFERENCE,
            )


def saturating_stack(trace: Trace) -> Iterator[Finding]:
    """Sigmoids in two hidden layers or more, tanh in five or more.

    A sigmoid's slope is at most 1/4: each layer divides the gradient by 4 or more; that of tanh is
    1 at most, and shrinks it with depth (Glorot and Bengio, 2010). Normalised layers are left
    alone.
    """
    for activation, deep in SATURATING.items():
        layers = [
            layer
            for layer in hidden_layers(trace)
            if layer.activation == activation and layer.kind in PLAIN_KINDS and not layer.normalized
        ]
        if len(layers) >= deep:
            yield Finding(
                "saturating-stack",
                cause="activation",
                severity=severity(trace),
                where=layers[0].name,
                evidence={"hidden_layers": len(layers), "activation": activation},
                advice=f"Write {_line(layers[0], 'relu')}, in each of them.",
                reference="course 2, week 1, vanishing and exploding gradients",
            )


def layer_too_narrow(trace: Trace) -> Iterator[Finding]:
    """A hidden layer of 1 unit, or of fewer than half the classes, or of 2 for several features.

    All that is told apart behind it must fit through. Autoencoders are narrow on purpose: targets
    as many as the inputs are left alone.
    """
    targets, inputs = trace.targets, trace.inputs
    features = inputs.shape[-1] if inputs and inputs.shape else 0
    if targets is not None and targets.columns == features and targets.columns > 1:
        return
    classes = (targets.classes or 0) if targets and is_classification(trace) else 0
    for layer in hidden_layers(trace):
        if layer.units is None or layer.kind not in PLAIN_KINDS:
            continue
        if layer.units == 1 or layer.units < classes / 2 or (layer.units == 2 and features > 4):
            wanted = max(16, 2 * classes)
            yield Finding(
                "layer-too-narrow",
                cause="layers",
                severity=severity(trace),
                where=layer.name,
                evidence={"units": layer.units, "classes": classes, "features": features},
                advice=f'Write {layer.kind}({wanted}, activation="relu").',
                reference="course 2, week 1, basic recipe: a bigger network",
            )


def no_hidden_layer(trace: Trace) -> Iterator[Finding]:
    """One layer alone: it draws straight boundaries. Logistic regression is often enough."""
    layers = trace.program.layers
    if len(layers) == 1 and layers[0].kind == "Dense":
        yield Finding(
            "no-hidden-layer",
            cause="layers",
            severity=severity(trace),
            where=layers[0].name,
            evidence={"layers": 1, "parameters": trace.program.parameters},
            advice='Write Dense(32, activation="relu") in front of it.',
            reference="course 2, week 1, basic recipe: a bigger network",
        )


def nothing_to_train(trace: Trace) -> Iterator[Finding]:
    """No trainable number in the model: `fit` changes nothing. Certain."""
    program = trace.program
    if program.layers and program.parameters == 0 and program.layers[0].fan_in is not None:
        yield Finding(
            "nothing-to-train",
            cause="layers",
            severity="error",
            where=program.layers[-1].name,
            evidence={"trainable_numbers": 0, "layers": len(program.layers)},
            advice=f'Write model.get_layer("{program.layers[-1].name}").trainable = True '
            "before compiling.",
        )


def output_frozen(trace: Trace) -> Iterator[Finding]:
    """An output layer that is not trained, while others are.

    What is kept of another training are the layers in front; the output layer belongs to the task.
    """
    layers = trace.program.layers
    if layers and trace.program.parameters and layers[-1].fan_in and not layers[-1].trainable:
        yield Finding(
            "output-frozen",
            cause="layers",
            severity=severity(trace),
            where=layers[-1].name,
            evidence={
                "trainable_numbers": trace.program.parameters,
                "frozen_layers": sum(not layer.trainable for layer in layers),
            },
            advice=f'Write model.get_layer("{layers[-1].name}").trainable = True before compiling.',
        )


RULES = (
    missing_nonlinearity,
    softmax_inside,
    saturating_stack,
    layer_too_narrow,
    no_hidden_layer,
    nothing_to_train,
    output_frozen,
)
