"""Which settings a compiled program has, and why others cannot be moved."""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from kerasrecipes.gradients.tap_state import numbered
from kerasrecipes.gradients.tapped_optimizer import updating
from kerasrecipes.layers import InvertedDropout
from kerasrecipes.live.setting import Setting
from kerasrecipes.live.steering.clip_norm import ClipNorm
from kerasrecipes.live.steering.keep_prob import KeepProb
from kerasrecipes.live.steering.knob import Knob
from kerasrecipes.live.steering.learning_rate import LearningRate
from kerasrecipes.live.steering.optimizer_number import OptimizerNumber

Found = Knob | Setting  # a setting alone is one that cannot be moved, and says why

RATE = Setting("learning_rate", "Learning rate", None, 1e-8, 10.0, "log")
MOMENTUM = Setting("momentum", "Momentum", None, 0.0, 0.9999, "one_minus_log")
BETA_1 = Setting("beta_1", "Beta 1", None, 0.01, 0.9999, "one_minus_log")
WEIGHT_DECAY = Setting("weight_decay", "Weight decay", None, 0.0, 1.0)
CLIP_NORM = Setting("clip_norm", "Clip norm", None, 1e-6, 1e6, "log", optional=True)
KEEP_PROB = Setting("keep_prob", "Keep probability", None, 0.01, 1.0)


def found_in(model: keras.Model, owners: Sequence[str] = ()) -> list[Found]:
    """The settings of a compiled and built model, in the order in which they are shown.

    Args:
        model: Any with an optimizer.
        owners: Names of callbacks that set the learning rate.
    """
    optimizer = updating(model.optimizer)
    if not hasattr(optimizer, "learning_rate"):  # `MultiOptimizer`
        reason = "the model has several optimizers, each with numbers of its own"
        of_optimizer: list[Found] = [_without(each, reason) for each in (RATE, CLIP_NORM)]
    else:
        of_optimizer = [LearningRate(optimizer, RATE, owners), *_numbers(optimizer, model)]
    return [*of_optimizer, *_keep_probs(model)]


def _numbers(optimizer: Any, model: keras.Model) -> Iterator[Found]:
    """Momentum or beta_1, weight decay and clip norm."""
    dtypes = sorted({str(each.dtype) for each in model.trainable_variables})
    reason = None
    if type(optimizer).__module__.partition(".")[0] != "keras":
        reason = f"{type(optimizer).__name__} is no optimizer of Keras's own"
    elif len(dtypes) != 1 or dtypes == ["float64"]:
        reason = f"the weights must be of one dtype, not float64: they are {' and '.join(dtypes)}"
    for setting in (MOMENTUM, BETA_1, WEIGHT_DECAY):
        if hasattr(optimizer, setting.name):
            value = getattr(optimizer, setting.name)
            own = _with_value(setting, value, reason or _why_not(setting, value))
            is_open = own.unavailable is None
            yield OptimizerNumber(optimizer, own, dtypes[0]) if is_open else own
    other = [name for name in ("clipnorm", "clipvalue") if getattr(optimizer, name)]
    if other and reason is None:
        reason = (
            f"the program clips by {other[0]}={getattr(optimizer, other[0]):g}; compile with "
            "global_clipnorm in its place"
        )
    yield _without(CLIP_NORM, reason) if reason else ClipNorm(optimizer, CLIP_NORM, dtypes[0])


def _why_not(setting: Setting, value: Any) -> str | None:
    """Why the step has no such number to be moved; None if it has."""
    if setting is WEIGHT_DECAY:
        return "compile with weight_decay=0.0" if value is None else None
    if not isinstance(value, numbers.Real):
        return f"it is a {type(value).__name__}, not a number"
    return None if value else f"compile with {setting.name}=0.9, say: the program has none"


def _with_value(setting: Setting, value: Any, reason: str | None) -> Setting:
    shown = float(value) if isinstance(value, numbers.Real) else None
    return dataclasses.replace(setting, value=shown, unavailable=reason)


def _without(setting: Setting, reason: str) -> Setting:
    return dataclasses.replace(setting, unavailable=reason)


def _keep_probs(model: keras.Model) -> Iterator[Found]:
    """One for each `InvertedDropout`, wherever it is inside the model."""
    every = model._flatten_layers(include_self=False)  # no public way to layers in blocks
    layers = [layer for layer in every if isinstance(layer, InvertedDropout)]
    layers = list({id(layer): layer for layer in layers}.values())
    for layer, name in zip(layers, numbered([layer.name for layer in layers]), strict=True):
        setting = dataclasses.replace(
            KEEP_PROB,
            name=f"{KEEP_PROB.name}/{name}",
            label=f"{KEEP_PROB.label} of {name}",
            value=float(layer.keep_prob),
        )
        reason = _why_not_dropping(layer)
        yield _without(setting, reason) if reason else KeepProb(layer, setting)


def _why_not_dropping(layer: InvertedDropout) -> str | None:
    """Why the layer's own `call` cannot be replaced; None if it can."""
    if layer.rate == 0:
        return "the layer draws no random numbers; build it with a keep_prob below 1"
    if type(layer).call is not keras.layers.Dropout.call or layer.noise_shape is not None:
        return "the layer drops units in a way of its own"
    if layer.compute_dtype == "float64":
        return "the layer computes in float64"
    return None
