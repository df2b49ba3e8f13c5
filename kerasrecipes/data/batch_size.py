"""A batch size from the number of examples and the memory."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from kerasrecipes.data.memory import available_memory

if TYPE_CHECKING:
    import keras

WHOLE_SET = 2_000
SMALLEST, LARGEST = 64, 512
FLOAT_BYTES = 4
COPIES = 3  # an activation, its gradient, and what the layer keeps for backpropagation


def suggest_batch_size(
    m: int,
    *,
    example_bytes: int | None = None,
    model: "keras.Model | None" = None,
    memory_bytes: int | None = None,
) -> int:
    """Suggests how many examples to train on at once.

    `m` below 2,000, else the power of two nearest to `sqrt(m)` within 64 to 512; where
    `batch * (example_bytes + 3 * 4 * activations of the model) > memory_bytes`, the largest power
    of two that fits.

    Args:
        m: Integer >= 1. Number of training examples.
        example_bytes: Integer >= 0. One example, in bytes. Default: the inputs of `model` in
            float32, if given.
        model: Built Functional or Sequential model whose layer outputs are counted. Default: none.
        memory_bytes: Number > 0. Bytes that a batch may take. Default: a quarter of what is free.

    Returns:
        Integer from 1 to `m`.

    Raises:
        ValueError: If an argument is out of its range, the model is not built or has outputs of
            unknown size, or a single example does not fit.

    Source: Deep Learning Specialization, course 2: the whole set below 2,000 examples, else 64,
    128, 256 or 512, such that a batch fits the memory.

    Example:
    >>> suggest_batch_size(1_500), suggest_batch_size(60_000)
    (1500, 256)
    >>> suggest_batch_size(60_000, example_bytes=1_000_000, memory_bytes=50_000_000)
    32
    """
    _check(m, "m", 1)
    if example_bytes is not None:
        _check(example_bytes, "example_bytes", 0)
    if memory_bytes is not None:
        _check(memory_bytes, "memory_bytes", 1)
    nearest = 2 ** round(math.log2(math.sqrt(m)))
    batch = int(m) if m < WHOLE_SET else min(max(nearest, SMALLEST), LARGEST)
    example = _example_bytes(example_bytes, model)
    if memory_bytes is None:
        free = available_memory()
        memory_bytes = None if free is None else free // 4
    if memory_bytes is None or batch * example <= memory_bytes:
        return batch
    if example > memory_bytes:
        raise ValueError(
            f"`memory_bytes` must hold one example, which takes {example:,} bytes with its "
            f"activations. Received: memory_bytes={memory_bytes:,}. Use a smaller model or input."
        )
    return 2 ** int(math.log2(memory_bytes // example))


def _check(value: int, name: str, least: int) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if name == "memory_bytes" and isinstance(value, float) and math.isfinite(value):
        whole = True
    if not whole or value < least:
        raise ValueError(f"`{name}` must be an integer >= {least}. Received: {name}={value!r}.")


def _example_bytes(example_bytes: int | None, model: "keras.Model | None") -> int:
    if model is None:
        return example_bytes or 0
    try:
        inputs = [tensor.shape for tensor in model.inputs]
        outputs = list(_output_shapes(model))
    except (AttributeError, ValueError, TypeError) as error:
        raise ValueError(
            "`model` must be a built Functional or Sequential model, so that its outputs can be "
            f"counted. Received: {model!r}. Call it on a batch, or give `example_bytes` instead."
        ) from error
    if example_bytes is None:
        example_bytes = FLOAT_BYTES * sum(_count(shape, "input") for shape in inputs)
    activations = sum(_count(shape, name) for name, shape in outputs)
    return example_bytes + COPIES * FLOAT_BYTES * activations


def _output_shapes(model: "keras.Model") -> Iterator[tuple[str, tuple]]:
    """Yields each layer's name and the shapes of its outputs, of nested models' layers too."""
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _output_shapes(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            for tensor in keras.tree.flatten(layer.output):
                yield layer.name, tensor.shape


def _count(shape: tuple, name: str) -> int:
    if any(size is None for size in shape[1:]):
        raise ValueError(
            f"`model` must have outputs of a known size; that of `{name}` is {shape}. Give the "
            "model fixed input sizes, or give `example_bytes` instead."
        )
    return math.prod(shape[1:])
