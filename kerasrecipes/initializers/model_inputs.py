"""What a model is given, checked before anything runs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops, tree


def checked_inputs(model: Any, x: Any) -> Any:
    """`x` as tensors that fit the built model.

    Args:
        model: A built `keras.Model`.
        x: An array or a nested structure of arrays, `(examples, ...)`.

    Raises:
        ValueError: If the model is none or not built, or `x` holds no example, does not fit the
            model's inputs or is not finite.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> tuple(checked_inputs(model, np.ones((4, 3))).shape)
        (4, 3)
    """
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"`model` must be a keras.Model. Received: model={model!r}. Wrap a layer in "
            "keras.Sequential([keras.Input(shape), layer])."
        )
    if not model.built:
        raise ValueError(
            "`model` must be built, or it has no weights to look at. Received: "
            f"model={model.name!r}, not built. Call it once on a batch, or give it an Input."
        )
    _require_examples(x)
    _require_fit(model, x)
    _require_finite(x)
    return tree.map_structure(ops.convert_to_tensor, x)


def _require_examples(x: Any) -> None:
    shapes = [np.shape(array) for array in tree.flatten(x)]
    lengths = {shape[0] for shape in shapes if shape}
    if not shapes or () in shapes or len(lengths) > 1 or 0 in lengths:
        raise ValueError(
            "`x` must hold arrays of the same number of examples, at least one, along their first "
            f"axis. Received: shapes {shapes}. Make arrays of lists: np.array(x)."
        )


def _require_fit(model: keras.Model, x: Any) -> None:
    """For models that know their inputs; the others say themselves what they cannot take."""
    inputs = getattr(model, "inputs", None)
    if not inputs:
        return
    named = isinstance(x, dict) and all(tensor.name in x for tensor in inputs)
    arrays = [x[tensor.name] for tensor in inputs] if named else tree.flatten(x)
    given = [tuple(np.shape(array)) for array in arrays]
    wanted = [tuple(tensor.shape) for tensor in inputs]
    if len(given) != len(wanted) or not all(map(_fits, given, wanted)):
        raise ValueError(
            "`x` must fit the inputs of the model, whose weights have their sizes. Received: "
            f"shapes {given}, model={model.name!r} with inputs {wanted}."
        )


def _fits(given: tuple, wanted: tuple) -> bool:
    if len(given) != len(wanted):  # Keras adds or drops a last axis of 1
        longer, shorter = sorted((given, wanted), key=len, reverse=True)
        return len(longer) == len(shorter) + 1 and longer[-1] == 1
    return all(size in (None, have) for have, size in zip(given, wanted, strict=True))


def _require_finite(x: Any) -> None:
    for array in map(ops.convert_to_numpy, tree.flatten(x)):
        if np.issubdtype(array.dtype, np.number) and not np.all(np.isfinite(array)):
            raise ValueError(
                "`x` must be finite, or nothing measured on it is. Received: "
                f"{int(np.sum(~np.isfinite(array)))} of {array.size} numbers NaN or infinite. "
                "Fill in or drop missing values first."
            )
