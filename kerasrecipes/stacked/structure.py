"""Which models can be trained together: those of one structure."""

from __future__ import annotations

import inspect
import json
import types
from typing import Any

import keras

from kerasrecipes.layers import ConvBlock, DenseBlock, InvertedDropout
from kerasrecipes.stacked.member_numbers import DROPOUTS
from kerasrecipes.stacked.not_stackable import NotStackable
from kerasrecipes.stacked.stacked_optimizer import optimizer_structure

STEPS = ("fit", "train_step", "test_step", "make_train_function", "make_test_function")
COMPILED = ("loss", "loss_weights", "metrics", "weighted_metrics")
KEEPERS = (InvertedDropout, DenseBlock, ConvBlock)
RATES = {
    **{f"keras.layers>{kind.__name__}": ("rate", 0) for kind in DROPOUTS},
    **{f"kerasrecipes>{kind.__name__}": ("keep_prob", 1) for kind in KEEPERS},
}
"""Where a layer's config tells how much it drops, and the value at which it drops nothing."""


def structure_of(model: keras.Model) -> str:
    """Tells models apart that cannot be trained together.

    Two built and compiled models with the same string have the same layers, shapes, cost, metrics
    and kind of optimizer. They may differ in names, seeds and initial values, in the strengths of
    regularizers, in the rates of dropout where it is on, and in the numbers of the optimizer.

    Args:
        model: Built and compiled.

    Returns:
        String, the same for models that can be trained together.

    Raises:
        NotStackable: If the model has to be trained alone; the message says why.
    """
    _require_plain_training(model)
    try:
        config, compiled = model.get_config(), model.get_compile_config()
    except Exception as error:  # whatever a class of the user's own raises
        reason = str(error).split("\n", 1)[0]
        raise NotStackable(f"its configuration cannot be read ({reason})") from error
    names: dict[str, str] = {}
    parts = {
        "class": f"{type(model).__module__}.{type(model).__qualname__}",
        "config": _without_names(_stripped(config, names), names),
        "weights": [_shape_of(variable) for variable in model.weights],
        "compiled": [compiled.get(name) for name in COMPILED],
        "enclosed": [_enclosed(getattr(model, name, None)) for name in ("loss",)],
        "optimizer": optimizer_structure(model.optimizer),
    }
    return json.dumps(parts, sort_keys=True, default=repr)


def _require_plain_training(model: keras.Model) -> None:
    if not model.built or getattr(model, "optimizer", None) is None:
        raise NotStackable("it is not built and compiled with an optimizer before `fit`")
    for name in STEPS:
        own = inspect.getattr_static(type(model), name)
        if own is not inspect.getattr_static(keras.Model, name):
            raise NotStackable(f"its class has a `{name}` of its own")
    if model.run_eagerly:
        raise NotStackable("it is compiled with `run_eagerly=True`")
    for variable in model.trainable_variables:
        if str(variable.dtype) != "float32":
            raise NotStackable(f"its weight `{variable.path}` is of {variable.dtype}, not float32")


def _shape_of(variable: keras.Variable) -> tuple:
    constraint = getattr(variable, "constraint", None)
    told = None if constraint is None else (type(constraint).__name__, constraint.get_config())
    return (list(variable.shape), str(variable.dtype), bool(variable.trainable), told)


def _stripped(config: Any, names: dict[str, str]) -> Any:
    """The config without what may differ; fills `names`: name -> the same for each model."""
    if isinstance(config, (list, tuple)):
        return [_stripped(each, names) for each in config]
    if not isinstance(config, dict):
        return config
    inside = config.get("config")
    if isinstance(config.get("class_name"), str) and isinstance(inside, dict):
        if isinstance(inside.get("name"), str):
            names.setdefault(inside["name"], f"#{len(names)}")
        rate = RATES.get(_registered(config))
        if rate is not None and rate[0] in inside:
            inside = {**inside, rate[0]: inside[rate[0]] != rate[1]}
        return {"class": _registered(config), "inside": _stripped(inside, names)} | {
            key: _stripped(value, names)
            for key, value in config.items()
            if key not in ("class_name", "config", "module", "registered_name", "name")
        }
    return {key: _kept(key, value, names) for key, value in config.items() if key != "seed"}


def _kept(key: str, value: Any, names: dict[str, str]) -> Any:
    if key.endswith("initializer") or key == "name":
        return None  # every member brings its own initial values
    if key.endswith("regularizer") and isinstance(value, dict):
        numbers = value.get("config") or {}
        return [_registered(value), sorted(numbers) if isinstance(numbers, dict) else numbers]
    return _stripped(value, names)


def _registered(config: dict) -> str:
    registered = config.get("registered_name") or ""
    if ">" in registered:  # under a package of its own
        return registered
    return f"{config.get('module')}>{registered or config['class_name']}"


def _without_names(config: Any, names: dict[str, str]) -> Any:
    if isinstance(config, dict):
        return {
            names.get(key, key) if isinstance(key, str) else key: _without_names(value, names)
            for key, value in config.items()
        }
    if isinstance(config, list):
        return [_without_names(each, names) for each in config]
    return names.get(config, config) if isinstance(config, str) else config


def _enclosed(value: Any) -> Any:
    """What a cost function keeps in its closure, which its config does not tell."""
    if isinstance(value, dict):
        return {str(key): _enclosed(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_enclosed(each) for each in value]
    if isinstance(value, types.FunctionType) and value.__closure__:
        return [repr(cell.cell_contents) for cell in value.__closure__]
    return None
