"""Which batch norm can become part of which linear layer of a model, and why others cannot."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras

from kerasrecipes.layers.batch_norm_arithmetic import LINEAR, channel_axis, pads, scale_and_shift
from kerasrecipes.layers.block import Block
from kerasrecipes.layers.inverted_dropout import InvertedDropout
from kerasrecipes.layers.layer_graph import LayerGraph

IDENTITIES_IN_INFERENCE = (
    keras.layers.Dropout,
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.Identity,
    InvertedDropout,
)


class Unfolded(NamedTuple):
    """A batch norm that stays, by name, and the reason."""

    name: str
    reason: str


class Fold(NamedTuple):
    """A batch norm and the linear layer that takes it up: one `after` which it stands, or not."""

    norm: Any
    linear: str
    after: bool


def fold_plan(graph: LayerGraph) -> tuple[list[Fold], list[Unfolded]]:
    """Assigns each batch norm of one model, not of its submodels, to a linear layer.

    Args:
        graph: The model's layers and links.

    Returns:
        The folds in the order in which they must be applied, and the norms left over.
    """
    norms = [layer for layer in graph.layers.values() if _is_norm(layer)]
    folds: list[Fold] = []
    reasons: dict[str, str] = {}
    for norm in norms:
        linear, reason = _neighbour(norm, graph, folds, after=True)
        reasons[norm.name] = reason
        if linear is not None:
            folds.append(Fold(norm, linear, True))
    for norm in reversed(norms):
        if any(fold.norm is norm for fold in folds):
            continue
        linear, reason = _neighbour(norm, graph, folds, after=False)
        if reason != reasons[norm.name]:
            reasons[norm.name] = f"{reasons[norm.name]}; {reason}"
        if linear is not None:
            folds.append(Fold(norm, linear, False))
    folded = {fold.norm.name for fold in folds}
    left = [Unfolded(norm.name, reasons[norm.name]) for norm in norms if norm.name not in folded]
    return folds, left


def is_whole_block(layer: Any) -> bool:
    """Whether a layer is a block with a norm, whose `call` is the blocks' own."""
    return isinstance(layer, Block) and layer.normalize and type(layer).call is Block.call


def hidden_norms(layer: Any, reason: str) -> list[Unfolded]:
    """The batch norms inside a layer that is copied as it is, each with the reason given."""
    if _is_norm(layer) or not isinstance(layer, keras.layers.Layer):
        return []
    # No public way leads to the layers inside a layer that is not a Model.
    inner = layer._flatten_layers(include_self=False, recursive=True)
    return [Unfolded(norm.name, reason) for norm in inner if _is_norm(norm)]


def _is_norm(layer: Any) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization)


def _neighbour(
    norm: Any, graph: LayerGraph, folds: list[Fold], after: bool
) -> tuple[str | None, str]:
    """The linear layer on one side of a norm, or None and the reason why there is none."""
    side = "before" if after else "after"
    if type(norm) is not keras.layers.BatchNormalization:
        return None, f"it is a {type(norm).__name__}, whose arithmetic may be another"
    if graph.calls[norm.name] != 1:
        return None, f"it is called {graph.calls[norm.name]} times"
    if norm.name in graph.training:
        return None, "it is called with training=True"
    step = graph.only_producer if after else graph.only_consumer
    passed = {fold.norm.name for fold in folds}
    name = step(norm.name)
    while name in graph.layers and (name in passed or _is_identity(name, graph)):
        name = step(name)
    if name not in graph.layers or isinstance(graph.layers[name], keras.layers.InputLayer):
        return None, f"no layer alone stands {side} it"
    objection = _objection(graph.layers[name], norm, after)
    if graph.calls[name] != 1:
        objection = f"is called {graph.calls[name]} times"
    return (None, f"{name!r} {side} it {objection}") if objection else (name, "")


def _is_identity(name: str, graph: LayerGraph) -> bool:
    layer = graph.layers[name]
    if type(layer) is keras.layers.Activation:
        return layer.activation is keras.activations.linear
    return type(layer) in IDENTITIES_IN_INFERENCE and name not in graph.training


def _objection(layer: Any, norm: Any, after: bool) -> str:
    """Why a layer cannot take up a norm; empty if it can."""
    if type(layer) not in LINEAR:
        return f"is no linear layer but {type(layer).__name__}"
    if getattr(layer, "quantization_mode", None) or getattr(layer, "lora_enabled", False):
        return "has quantized weights or LoRA"
    rank = norm.input_spec.ndim
    if norm.axis % rank != channel_axis(layer, rank):
        return f"has its channels on another axis than {norm.axis}"
    if after and layer.activation not in (None, keras.activations.linear):
        return "has an activation"
    if norm.compute_dtype != layer.compute_dtype:
        return f"computes in {layer.compute_dtype}, the norm in {norm.compute_dtype}"
    if not after and pads(layer) and scale_and_shift(norm)[1].any():
        return "sees less of the norm's shift in some places, as by padding"
    return ""
