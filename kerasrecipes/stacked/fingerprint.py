"""What a model computes with besides its configuration and its variables, as plain values."""

from __future__ import annotations

import functools
import hashlib
import types
from collections.abc import Collection, Mapping
from typing import Any

import keras
import numpy as np

KNOWN = ("keras", "keras_tuner", "kerasrecipes", "tensorflow", "jax", "jaxlib", "numpy")
"""Packages whose functions and classes are what their names say."""
CHANGES_NOTHING = ("__init__", "build", "get_config", "compile")
"""Methods whose effect is in what they leave behind, if they have one."""
NO_VALUE = (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError)
PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic)


class Fingerprint:
    """Tells objects apart that may compute something else.

    A configuration holds what a class says of itself. Numbers that a class of the user's own does
    not tell, those in closures, defaults and class attributes, and arrays are read here.

    Args:
        stacked: Objects that are told apart elsewhere, or may differ: variables, regularizers.
    """

    def __init__(self, stacked: Collection[Any] = ()) -> None:
        self.stacked = {id(each) for each in stacked}
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []  # an `id` is given again once its object is gone

    def of(self, value: Any) -> Any:
        """A plain value, the same for what computes the same."""
        if isinstance(value, PLAIN):
            return repr(value)
        if id(value) in self.stacked or isinstance(value, keras.Variable):
            return "stacked"
        if id(value) in self._numbers:
            return f"#{self._numbers[id(value)]}"
        self._numbers[id(value)] = len(self._numbers)
        self._alive.append(value)
        return self._of_new(value)

    def of_layer(self, layer: keras.Layer) -> Any:
        """Of a layer or model what its configuration need not tell; its sublayers are apart."""
        own = not is_known(type(layer))
        found = {
            name: self.of(value)
            for name, value in sorted(vars(layer).items())
            if name not in _base_names(keras.Model) and _is_told(layer, name, value, own)
        }
        return [self.of(type(layer)), found]

    def _of_new(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [self.of(each) for each in value]
        if isinstance(value, (set, frozenset)):
            return sorted(str(self.of(each)) for each in value)
        if isinstance(value, Mapping):
            return [[self.of(key), self.of(each)] for key, each in value.items()]
        if isinstance(value, np.ndarray) or keras.ops.is_tensor(value):
            return _digest(value)
        if isinstance(value, types.FunctionType):
            return self._of_function(value)
        if isinstance(value, types.MethodType):
            return [self.of(value.__func__), self.of(value.__self__)]
        if isinstance(value, functools.partial):
            return [self.of(each) for each in (value.func, value.args, value.keywords)]
        if isinstance(value, type):
            return self._of_class(value)
        if isinstance(value, (types.ModuleType, types.BuiltinFunctionType)):
            return value.__name__
        return self._of_object(value)

    def _of_function(self, value: types.FunctionType) -> Any:
        name = f"{value.__module__}.{value.__qualname__}"
        if is_known(value):
            kept = [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
            return [name, [self.of(each) for each in kept]] if "<locals>" in name else name
        code = value.__code__
        cells = [each.cell_contents for each in value.__closure__ or () if _is_filled(each)]
        used = [value.__globals__.get(each) for each in code.co_names]
        world = [each for each in used if isinstance(each, (*PLAIN, np.ndarray))]
        told = [self.of(each) for each in (cells, value.__defaults__, value.__kwdefaults__, world)]
        return [name, code.co_code.hex(), self._of_constants(code), *told]

    def _of_constants(self, code: types.CodeType) -> list[Any]:
        return [
            [each.co_code.hex(), self._of_constants(each)]
            if isinstance(each, types.CodeType)
            else repr(each)
            for each in code.co_consts
        ]

    def _of_class(self, value: type) -> Any:
        told = {}
        for kind in value.__mro__:
            if is_known(kind) or kind is object:
                continue
            for name, each in vars(kind).items():
                if isinstance(each, property):
                    each = each.fget
                each = getattr(each, "__func__", each)  # of static and class methods
                dunder = name.startswith("__") and name != "__call__"
                if not dunder and name not in CHANGES_NOTHING and _is_content(each):
                    told[f"{kind.__qualname__}.{name}"] = self.of(each)
        return [f"{value.__module__}.{value.__qualname__}", sorted(told.items())]

    def _of_object(self, value: Any) -> Any:
        if isinstance(value, keras.random.SeedGenerator):
            return "seeds"
        if isinstance(value, (keras.Layer, keras.optimizers.Optimizer)):
            return type(value).__qualname__  # layers of the model are visited by themselves
        if not hasattr(value, "__dict__"):
            return repr(value)  # has an address, where nothing is known of what it holds
        base = _base_names(keras.metrics.Metric) if isinstance(value, keras.metrics.Metric) else ()
        found = {
            name: self.of(each)
            for name, each in sorted(vars(value).items())
            if name not in base and name not in ("name", "_auto_config", "_lock", "_tracker")
        }
        return [self.of(type(value)), found]


@functools.cache
def _base_names(kind: type) -> frozenset[str]:
    """Attributes that every object of a Keras class has."""
    if kind is keras.metrics.Metric:
        return frozenset(vars(keras.metrics.Metric()))
    inputs = keras.Input((1,))
    model = keras.Model(inputs, inputs)
    model.compile("sgd", "mse")
    return frozenset(
        {*vars(model), *vars(keras.Sequential()), "_build_shapes_dict", "_auto_config"}
    )


def _is_told(layer: keras.Layer, name: str, value: Any, own: bool) -> bool:
    if isinstance(value, (keras.Layer, keras.Variable, keras.random.SeedGenerator)):
        return False
    if own:
        has_generator = any(
            isinstance(each, keras.random.SeedGenerator) for each in vars(layer).values()
        )
        return not (name == "seed" and has_generator)
    is_array = isinstance(value, np.ndarray) or keras.ops.is_tensor(value)
    return is_array or isinstance(value, (types.FunctionType, types.MethodType))


def _is_content(value: Any) -> bool:
    return isinstance(value, (*PLAIN, types.FunctionType, np.ndarray, list, tuple, dict))


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - raises where the variable was never set
    except ValueError:
        return False
    return True


def is_known(value: Any) -> bool:
    """Whether a class or function is of a package whose names say enough."""
    module = getattr(value, "__module__", None) or ""
    return module.partition(".")[0] in KNOWN


def _digest(value: Any) -> list[Any]:
    try:
        array = np.ascontiguousarray(keras.ops.convert_to_numpy(value))
    except NO_VALUE:  # symbolic: it has none outside a program
        return [str(getattr(value, "shape", "")), str(getattr(value, "dtype", ""))]
    if array.dtype == object:
        return [str(array.tolist())]
    return [list(array.shape), str(array.dtype), hashlib.sha256(array.tobytes()).hexdigest()]
