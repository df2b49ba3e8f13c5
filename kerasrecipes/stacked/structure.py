"""Which models can be trained together: those of one structure."""

from __future__ import annotations

import inspect
import json
from typing import Any

import keras

from kerasrecipes import backend
from kerasrecipes.layers import ConvBlock, DenseBlock, InvertedDropout
from kerasrecipes.stacked.fingerprint import Fingerprint, is_known
from kerasrecipes.stacked.member_numbers import DROPOUTS, number_names, regularizers_of
from kerasrecipes.stacked.not_stackable import NotStackable
from kerasrecipes.stacked.stacked_optimizer import decays, optimizer_structure

STEPS = ("fit", "train_step", "test_step", "make_train_function", "make_test_function")
COMPILED = ("loss", "loss_weights", "metrics", "weighted_metrics")
REFERENCES = ("inbound_nodes", "input_layers", "output_layers")
"""Where a config refers to layers by their names."""
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
        "config": _with_numbers(_stripped(config, names), names),
        "weights": [_shape_of(variable) for variable in model.weights],
        "compiled": [_stripped(compiled.get("loss"), {})]
        + [compiled.get(name) for name in COMPILED[1:]],
        "hidden": [_stripped(layer.get_config(), names) for layer in _hidden_layers(model)],
        "told by no config": _fingerprints(model),
        "optimizer": optimizer_structure(model.optimizer),
        "decays": decays(model.optimizer, model.trainable_variables),
    }
    return json.dumps(parts, sort_keys=True, default=repr)


def _require_plain_training(model: keras.Model) -> None:
    if not model.built or getattr(model, "optimizer", None) is None:
        raise NotStackable("it is not built and compiled with an optimizer before `fit`")
    for name in STEPS:
        own = inspect.getattr_static(type(model), name)
        if own is not inspect.getattr_static(keras.Model, name):
            raise NotStackable(f"its class has a `{name}` of its own")
    if backend.is_distributed(model):
        raise NotStackable("it is copied to several devices")
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


def _with_numbers(config: Any, names: dict[str, str], is_name: bool = False) -> Any:
    """The config with layers called by their numbers, where it refers to layers.

    Elsewhere the same string is something else: a layer `tanh` may have the activation `tanh`.
    """
    if isinstance(config, dict):
        return {
            (names.get(key, key) if is_name else key): _with_numbers(
                value, names, is_name or key in REFERENCES
            )
            for key, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        return [_with_numbers(each, names, is_name) for each in config]
    return names.get(config, config) if is_name and isinstance(config, str) else config


def _hidden_layers(model: keras.Model) -> list[keras.Layer]:
    """Keras's layers without others inside, if a class of the user's own may hold some of them."""
    every = list(model._flatten_layers())  # no public way to layers in layers
    if all(is_known(type(layer)) or not layer._layers for layer in every):
        return []
    return [layer for layer in every if is_known(type(layer)) and not layer._layers]


def _fingerprints(model: keras.Model) -> list[Any]:
    """Of layers, penalties, cost and metrics what their configs need not tell."""
    penalties = regularizers_of(model)
    told = Fingerprint([each for each in penalties if not inspect.isroutine(each)])
    found = [told.of_layer(layer) for layer in model._flatten_layers()]  # no public way
    for penalty in penalties:
        if inspect.isroutine(penalty):
            found.append(told.of(penalty))
            continue
        numbers = number_names(penalty)
        rest = {name: each for name, each in vars(penalty).items() if name not in numbers}
        found.append([told.of(type(penalty)), numbers, told.of(rest)])
    found += [told.of(each) for each in (v.constraint for v in model.trainable_variables) if each]
    compiled = getattr(
        model, "_compile_metrics", None
    )  # not public: the metrics as they were given
    given = [getattr(compiled, f"_user_{name}", None) for name in COMPILED[2:]]
    return [*found, told.of(model.loss), told.of(given)]
