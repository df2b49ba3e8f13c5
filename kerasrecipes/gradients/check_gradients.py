"""Gradient checking of any differentiable function, or of one layer alone."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes.gradients.comparison import compare, validate_step
from kerasrecipes.gradients.float64_copy import as_float64, float64_bench, float64_copy
from kerasrecipes.gradients.result import GradientCheck


def check_gradients(
    function: Callable,
    *arguments: Any,
    epsilon: float = 1e-7,
    method: str = "exact",
    seed: int = 0,
) -> GradientCheck:
    """Checks the gradient of a function against differences of its value.

    For a custom layer or a `custom_gradient` alone, where nothing is compiled. An output that is
    not a scalar is reduced to one by a fixed random projection, so that every path is checked.

    Args:
        function: Takes tensors like `arguments`, returns a tensor or a structure of tensors.
            A `keras.Layer` is checked for its inputs and its trainable weights, on a float64 copy.
        *arguments: Arrays. Floating-point ones are checked, in float64; others are held fixed.
        epsilon: Step of the differences, > 0.
        method: `"exact"`, `"directional"` or `"auto"`, as in `kr.gradient_check`.
        seed: Of the projection and of the random directions.

    Returns:
        A `GradientCheck`, its variables named after the function's parameters.

    Raises:
        ValueError: If no argument is floating-point, an option is out of range, the function does
            not compute in float64, or its value is not finite.

    Example:
        >>> check_gradients(lambda w: ops.sum(w**3), np.array([1.0, -2.0])).passed
        True

    Source: Deep Learning Specialization, course 2, "Gradient checking".
    """
    validate_step(epsilon, method)
    with float64_bench():
        arguments = tuple(as_float64(argument) for argument in arguments)
        names = _parameter_names(function, len(arguments))
        checked = {
            f"{name}/{i}" if tree.is_nested(argument) else name: leaf
            for name, argument in zip(names, arguments, strict=True)
            for i, leaf in enumerate(tree.flatten(argument))
            if _is_float(leaf)
        }
        weights: list = []
        if isinstance(function, keras.Layer):
            function = layer = float64_copy(function, *arguments)
            weights = layer.trainable_variables
            checked |= {variable.path: variable.value for variable in weights}
        if not sum(math.prod(value.shape) for value in checked.values()):
            received = [f"{_dtype(leaf)} {tuple(leaf.shape)}" for leaf in tree.flatten(arguments)]
            raise ValueError(
                "`arguments` must hold at least one floating-point number to differentiate for. "
                f"Received: {', '.join(received) or 'no argument'}. Convert integers to float."
            )
        cost = _projected(function, arguments, weights, seed)
        return compare(
            cost, list(checked.values()), list(checked), epsilon=epsilon, method=method, seed=seed
        )


def _projected(function: Callable, arguments: tuple, weights: list, seed: int) -> Callable:
    """The function as a scalar of the list of its floating-point leaves, then its weights."""
    leaves = tree.flatten(arguments)
    places = [i for i, leaf in enumerate(leaves) if _is_float(leaf)]

    def cost(values):
        filled = list(leaves)
        for place, value in zip(places, values[: len(places)], strict=True):
            filled[place] = value
        mapping = list(zip(weights, values[len(places) :], strict=True))
        with keras.StatelessScope(mapping):
            outputs = function(*tree.pack_sequence_as(arguments, filled))
        outputs = [ops.convert_to_tensor(o) for o in tree.flatten(outputs) if o is not None]
        floating = [output for output in outputs if _is_float(output)]
        if not floating:
            raise ValueError(
                "`function` must return at least one floating-point tensor to differentiate. "
                f"Received: dtypes {[_dtype(output) for output in outputs]}."
            )
        generator = np.random.default_rng(seed)
        return sum(_project(output, generator) for output in floating)

    return cost


def _project(output: Any, generator: np.random.Generator) -> Any:
    if len(output.shape) == 0:
        return output
    weights = generator.uniform(0.5, 1.5, output.shape)
    return ops.sum(output * ops.cast(weights, output.dtype))


def _is_float(tensor: Any) -> bool:
    return keras.backend.is_float_dtype(_dtype(tensor))


def _dtype(tensor: Any) -> str:
    return keras.backend.standardize_dtype(tensor.dtype)


def _parameter_names(function: Callable, count: int) -> list[str]:
    """Names of the first `count` positional parameters; `argument_k` where there is none."""
    fallback = [f"argument_{i}" for i in range(count)]
    try:
        target = function.call if isinstance(function, keras.Layer) else function
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return fallback
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [parameter.name for parameter in parameters if parameter.kind in kinds]
    return (names + fallback[len(names) :])[:count]
