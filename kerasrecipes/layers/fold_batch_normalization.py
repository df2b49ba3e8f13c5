"""fold_batch_normalization: the same model in inference, with fewer layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from kerasrecipes.layers.batch_norm_arithmetic import fold_after, fold_before, kernels_and_bias
from kerasrecipes.layers.block import Block
from kerasrecipes.layers.fold_plan import (
    Fold,
    Unfolded,
    fold_plan,
    hidden_norms,
    is_whole_block,
)
from kerasrecipes.layers.layer_graph import LayerGraph


def fold_batch_normalization(
    model: keras.Model, report: Callable[[list[Unfolded]], None] | None = None
) -> keras.Model:
    """Makes a copy of a model in which batch norms have become part of linear layers.

    In inference a batch norm is one scale and one shift per channel, `gamma Z_norm + beta`, so
    a linear layer next to it can do its work: the copy gives the same outputs with fewer
    operations. Folded are the norms

    - after a `Dense`, `Conv`, `DepthwiseConv`, `SeparableConv` or `ConvTranspose` layer without
      activation, whose output goes nowhere else;
    - before a `Dense`, or a convolution that does not pad, which nothing else feeds; a shift
      before padding would have to reach everything but the border, so there, and before a
      `ConvTranspose`, only norms without any shift are folded;
    - inside `DenseBlock` and `ConvBlock`.

    Dropout may stand between. Submodels are folded on their own. The other norms stay, and are
    told to `report`. The copy is for inference: it is not compiled, and were it trained on,
    nothing in it would normalise any more.

    Args:
        model: Built sequential or functional model; left as it is.
        report: Function that is given the list of `Unfolded(name, reason)`, empty if no norm
            stayed. Defaults to None.

    Returns:
        A new model with the same outputs up to rounding; layers that stay keep their names.

    Raises:
        TypeError: If `model` is not a sequential or functional model.
        ValueError: If `model` is not built, or a norm to fold holds NaN or infinity.

    Example:
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, use_bias=False),
    ...                           keras.layers.BatchNormalization(), keras.layers.ReLU()])
    >>> folded = fold_batch_normalization(model, report=print)
    []
    >>> [type(layer).__name__ for layer in folded.layers]
    ['Dense', 'ReLU']

    Source: Deep Learning Specialization, course 2, "Batch norm at test time".
    """
    if not isinstance(model, keras.Model) or not _has_known_order(model):
        raise TypeError(
            "`model` must be a Sequential or functional model: the order of the layers of other "
            f"models is known to their `call` alone. Received: {type(model).__name__}. Build it "
            "with `keras.Model(inputs, outputs)`."
        )
    unfolded: list[Unfolded] = []
    folded = _folded_model(model, unfolded)
    if report is not None:
        report(unfolded)
    return folded


def _has_known_order(layer: Any) -> bool:
    """Whether a layer is a sequential or functional model that Keras, not the user, calls.

    Raises:
        ValueError: If it is a sequential model that is not built.
    """
    if isinstance(layer, keras.Sequential):
        if not layer.built:
            raise ValueError(
                "`model` must be built, to have weights to fold. "
                f"Received: {layer.name!r}, not built. Call it on a batch, or give it an Input."
            )
        return getattr(type(layer), "call", None) is keras.Sequential.call
    # Functional has no public name; it is the class below which `operations` is known.
    kinds: list[Any] = [kind for kind in type(layer).__mro__ if kind.__name__ == "Functional"]
    return bool(kinds) and kinds[0].call is type(layer).call


def _folded_model(model: Any, unfolded: list[Unfolded]) -> Any:
    sequential = isinstance(model, keras.Sequential)
    if not sequential:  # the same graph without its compilation, which would be copied as well
        model = keras.Model(model.input, model.output, name=model.name)
    graph = LayerGraph(model)
    folds, left = fold_plan(graph)
    unfolded += left
    removed = {fold.norm.name for fold in folds}
    as_they_are: list[tuple[Any, Any]] = []

    def copy(layer: Any) -> Any:
        if layer.name in removed:
            return _Removed()
        own = [fold for fold in folds if fold.linear == layer.name]
        trains = layer.name in graph.training
        new = None if trains else _changed(layer, own, unfolded)
        if new is None:
            unfolded.extend(hidden_norms(layer, _why_hidden(layer, trains)))
            new = type(layer).from_config(layer.get_config())
            as_they_are.append((layer, new))
        return new

    if sequential:
        entry = keras.Input(batch_shape=model.inputs[0].shape, dtype=model.inputs[0].dtype)
        kept = [copy(layer) for layer in model.layers if layer.name not in removed]
        copied = keras.Sequential([entry, *kept], name=model.name)
    else:
        copied = keras.models.clone_model(model, clone_function=copy, call_function=_call)
    for layer, new in as_they_are:
        if isinstance(layer, keras.layers.Layer):
            new.set_weights(layer.get_weights())
    return copied


def _changed(layer: Any, folds: list[Fold], unfolded: list[Unfolded]) -> Any:
    """A copy of the layer with norms folded into it, or None if there is nothing to change."""
    if folds:
        return _folded_linear(layer, folds)
    if is_whole_block(layer):
        return _folded_block(layer)
    if isinstance(layer, keras.Model) and _has_known_order(layer):
        return _folded_model(layer, unfolded)
    return None


def _why_hidden(layer: Any, trains: bool) -> str:
    if trains:
        return f"{layer.name!r}, which holds it, is called with training=True"
    return f"it is called by {layer.name!r}, in an order that only its `call` knows"


def _folded_linear(layer: Any, folds: list[Fold]) -> Any:
    kernels, bias = kernels_and_bias(layer)
    for fold in folds:
        fold_one = fold_after if fold.after else fold_before
        kernels, bias = fold_one(layer, kernels, bias, fold.norm)
    new = type(layer).from_config({**layer.get_config(), "use_bias": True})
    new.build(layer.get_build_config()["input_shape"])
    new.set_weights([*kernels, bias])
    return new


def _folded_block(block: Block) -> Block:
    linear = block.linear
    kernels, bias = fold_after(linear, *kernels_and_bias(linear), block.normalization)
    new = type(block).from_config({**block.get_config(), "normalize": False})
    new.build(block.get_build_config()["input_shape"])
    new.linear.set_weights([*kernels, bias])
    if isinstance(block.activation, keras.layers.Layer):
        new.activation.set_weights(block.activation.get_weights())
    return new


class _Removed(keras.layers.Layer):
    """Stands for a removed norm while a functional model is copied; it is never called."""


def _call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(layer, _Removed):
        return (*args, *kwargs.values())[0]
    return layer(*args, **kwargs)
