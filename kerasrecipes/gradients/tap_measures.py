"""What a tap computes inside a compiled training step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

SAMPLED = 1024  # elements of a variable whose moves are measured
SMALL = 1024  # elements of a gradient that is checked at every step
CHECKED = 8  # gradients checked at every step


def sampled_elements(shapes: Sequence[tuple[int, ...]], seed: int = 0) -> list[np.ndarray]:
    """Indices into each flattened variable: all if it is small, else a sample of 1,024, sorted."""
    generator = np.random.default_rng(seed)
    sizes = [int(np.prod(shape, dtype="int64")) for shape in shapes]
    return [
        np.arange(size)
        if size <= SAMPLED
        else np.sort(generator.choice(size, SAMPLED, replace=False))
        for size in sizes
    ]


def checked_gradients(shapes: Sequence[tuple[int, ...]]) -> list[int]:
    """Which gradients are looked at in every step: at most 8 small ones, spread over the depth.

    Whatever is not finite spreads on the way back to all below, biases among them, and through
    the weights to the whole next step; so a few numbers tell that something is wrong. What and
    where is then looked up in all.
    """
    small = [i for i, shape in enumerate(shapes) if 0 < np.prod(shape, dtype="int64") <= SMALL]
    if not small:
        return [len(shapes) - 1]
    places = np.unique(np.linspace(0, len(small) - 1, CHECKED).round().astype(int))
    return [small[place] for place in places]


def is_broken(gradients: Sequence[Any], checked: Sequence[int]) -> Any:
    """Whether one of the checked gradients is not finite: a boolean scalar tensor."""
    sums = []
    for index in checked:
        gradient = gradients[index]
        if gradient is None or hasattr(gradient, "indices"):  # none, or rows of an embedding
            continue
        part = gradient if np.prod(gradient.shape, dtype="int64") <= SMALL else gradient[:1]
        sums.append(ops.sum(ops.cast(part, "float32")))
    if not sums:
        return ops.convert_to_tensor(False)
    return ops.logical_not(ops.isfinite(sum(sums[1:], sums[0])))


def measure_before(
    gradients: Sequence[Any], variables: Sequence[Any], elements: Sequence, broken: Any
) -> Any:
    """One vector: norms of gradients, whether they are finite, whether weights are, samples.

    Args:
        gradients: One per variable, None where there is none.
        variables: The weights before the step.
        elements: Of each, as `sampled_elements` gives them.
        broken: Whether to read all weights to find one that is not finite; else 1 is given.

    Returns:
        Float32 of shape `(3 * variables + samples,)`. A norm beyond float32 (a gradient of more
        than 1e19) is infinite, and its gradient counts as not finite.
    """
    norms = ops.stack(
        [ops.zeros(()) if g is None else norm(ops.convert_to_tensor(g)) for g in gradients]
    )
    weights = ops.cond(
        broken,
        lambda: ops.stack([_is_finite(ops.convert_to_tensor(v)) for v in variables]),
        lambda: ops.ones((len(variables),), "float32"),
    )
    return ops.concatenate([norms, _is_finite_each(norms), weights, samples(variables, elements)])


def samples(variables: Sequence[Any], elements: Sequence[np.ndarray]) -> Any:
    """The sampled elements of all variables, one float32 vector."""
    taken = [
        ops.take(ops.reshape(ops.convert_to_tensor(variable), (-1,)), indices)
        for variable, indices in zip(variables, elements, strict=True)
    ]
    return ops.concatenate([ops.cast(each, "float32") for each in taken])


def update_ratios(before: Any, after: Any, elements: Sequence[np.ndarray]) -> Any:
    """Norm of the move over norm of the variable before it, by variable; shape `(variables,)`.

    Over the norm after it where the variable was 0; 0 where it did not move.
    """
    ratios, start = [], 0
    for indices in elements:
        old, new = (each[start : start + len(indices)] for each in (before, after))
        start += len(indices)
        move, size = norm(new - old), norm(old)
        size = ops.where(size > 0, size, norm(new))
        ratios.append(ops.where(move > 0, move / ops.where(size > 0, size, 1.0), move))
    return ops.stack(ratios)


def norm(tensor: Any) -> Any:
    """The Euclidean norm of all elements, float32."""
    return ops.sqrt(ops.sum(ops.square(ops.cast(tensor, "float32"))))


def _is_finite(tensor: Any) -> Any:
    return ops.cast(ops.all(ops.isfinite(tensor)), "float32")


def _is_finite_each(numbers: Any) -> Any:
    return ops.cast(ops.isfinite(numbers), "float32")
