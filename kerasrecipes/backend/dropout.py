"""Dropout by tensors."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def dropout_numbers(rate: float, dtype: str) -> tuple[Any, Any]:
    """What `dropped` drops and scales by, to the bits of a compiled dropout with this rate in it.

    Args:
        rate: Share of the units to drop, in [0, 1).
        dtype: Of the layer's computation.
    """
    number = np.dtype(dtype).type
    if keras.backend.backend() == "jax":  # XLA multiplies by the inverse of a constant
        kept = number(1.0 - rate)
        one = np.float32(1) if dtype == "bfloat16" else number(1)
        return np.float32(1.0 - rate), one / one.dtype.type(kept)
    return number(rate), number(1 / (1 - rate))


def dropped(inputs: Any, bound: Any, scale: Any, seed: Any) -> Any:
    """`keras.random.dropout` by tensors, which TensorFlow's own refuses.

    Args:
        inputs: Floating-point tensor.
        bound: As `dropout_numbers` gives it: with it random numbers are compared.
        scale: Likewise: by it is multiplied what is kept.
        seed: A `keras.random.SeedGenerator`.
    """
    ops, shape = keras.ops, keras.ops.shape(inputs)
    if keras.backend.backend() == "jax":
        exact = "float32" if str(inputs.dtype) == "bfloat16" else inputs.dtype  # as XLA has it
        kept = ops.cast(ops.cast(inputs, exact) * ops.cast(scale, exact), inputs.dtype)
        is_kept = keras.random.uniform(shape, dtype="float32", seed=seed) < bound
    else:
        kept = inputs * ops.cast(scale, inputs.dtype)
        drawn = keras.random.uniform(shape, dtype=inputs.dtype, seed=seed)
        is_kept = drawn >= ops.cast(bound, inputs.dtype)
    return ops.where(is_kept, kept, ops.zeros_like(kept))
