"""A copy of a model with another output, other hidden activations, widths or no regularisation."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from kerasrecipes.diagnosis.model_copy import copy_weights, model_copy
from kerasrecipes.diagnosis.trials.setup import Setup

_DROPOUT = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout", "AlphaDropout")
_ACTIVATIONS = ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "PReLU")
_PENALTIES = ("kernel_regularizer", "bias_regularizer", "activity_regularizer")


def rebuilt(model: keras.Model, setup: Setup, example: Any = None) -> keras.Model:
    """The copy, not compiled; weights whose shape stays are the model's own.

    Args:
        model: Sequential or functional.
        setup: Its `output`, `hidden`, `unregularized` and `wider` are used.
        example: As for `model_copy`.

    Raises:
        CannotCopyError: If the model cannot be rebuilt.
    """
    if not setup.changes_layers:
        return model_copy(model, example=example)
    layers = list(model._flatten_layers(include_self=False))  # no public way inside
    last = max((i for i, one in enumerate(layers) if _has_kernel(one)), default=-1)
    places = {id(layer): place for place, layer in enumerate(layers)}

    def change(layer: keras.Layer) -> keras.Layer:
        place = places.get(id(layer), -1)
        config = dict(layer.get_config())
        if place >= last >= 0:
            _change_output(layer, config, setup, is_last=place == last)
        elif place >= 0:
            _change_hidden(layer, config, setup)
        if setup.unregularized:
            _free(layer, config)
        if setup.unfrozen and "trainable" in config:
            config["trainable"] = True
        if _is_replaced(layer, config):
            return keras.layers.Activation(config["activation"], name=layer.name)
        return type(layer).from_config(config)

    copy = model_copy(model, change)
    copy_weights(model, copy)
    return copy


def fitting_kernels(model: keras.Model, seed: int) -> None:
    """Draws kernels anew by He's or Xavier's rule and sets biases to 0, in place."""
    rng = np.random.default_rng(seed)
    for layer in model._flatten_layers(include_self=False):
        kernel = getattr(layer, "kernel", None)
        if kernel is None or not layer.trainable or len(kernel.shape) < 2:
            continue
        gain = 2.0 if "relu" in getattr(layer.activation, "__name__", "relu") else 1.0
        fan_in = int(np.prod(kernel.shape[:-1]))
        kernel.assign(rng.normal(0, np.sqrt(gain / fan_in), kernel.shape).astype("float32"))
        if getattr(layer, "bias", None) is not None:
            layer.bias.assign(np.zeros(layer.bias.shape, "float32"))


def _has_kernel(layer: keras.Layer) -> bool:
    return getattr(layer, "kernel", None) is not None


def _change_output(layer: keras.Layer, config: dict[str, Any], setup: Setup, is_last: bool) -> None:
    """The activation moves into the last layer with a kernel; what stands behind it is linear."""
    if setup.output is None:
        return
    if not is_last:
        if type(layer).__name__ in _ACTIVATIONS:
            config["activation"] = "linear"
        return
    units, config["activation"] = setup.output
    config["units" if "units" in config else "filters"] = units


def _change_hidden(layer: keras.Layer, config: dict[str, Any], setup: Setup) -> None:
    """A linear layer gets the activation too: a ReLU behind a ReLU changes nothing."""
    is_activation = type(layer).__name__ in _ACTIVATIONS
    if setup.hidden and (is_activation or (_has_kernel(layer) and "activation" in config)):
        config["activation"] = setup.hidden
    for key in ("units", "filters"):
        if key in config and _has_kernel(layer):
            config[key] = max(setup.least_units, setup.wider * config[key])


def _is_replaced(layer: keras.Layer, config: dict[str, Any]) -> bool:
    return (
        type(layer).__name__ in _ACTIVATIONS
        and type(layer).__name__ != "Activation"
        and ("activation" in config)
    )


def _free(layer: keras.Layer, config: dict[str, Any]) -> None:
    if type(layer).__name__ in _DROPOUT and "rate" in config:
        config["rate"] = 0.0
    for key in (*_PENALTIES, "recurrent_dropout", "dropout"):
        if key in config:
            config[key] = 0.0 if "dropout" in key else None
