"""What a tap computes inside a compiled training step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from keras import ops

SAMPLED = 1024  # elements of a variable whose moves are measured
SMALL = 1024  # elements of a gradient that is checked at every step
CHECKED = 8  # gradients checked at every step
GROUPS = 16  # at most
GROUP_ELEMENTS = 2**16  # at least, of a group; some 256 KB


class Group(NamedTuple):
    """Neighbouring variables that are looked at together.

    A look at all of them at once would hold the gradients of the whole network until the last one
    is there, instead of spending each in its update while it is in the processor's cache.

    Attributes:
        places: Their numbers among the watched variables.
        elements: Of each, the indices into the flattened variable of the elements whose moves are
            measured.
    """

    places: range
    elements: list[np.ndarray]

    @property
    def size(self) -> int:
        """Of what `measure_before` returns."""
        return 3 * len(self.places) + sum(map(len, self.elements))


def groups(shapes: Sequence[tuple[int, ...]], seed: int = 0) -> list[Group]:
    """Splits variables, in their order, into at most 16 groups of 65,536 elements or more."""
    sizes = [int(np.prod(shape, dtype="int64")) for shape in shapes]
    elements = sampled_elements(sizes, seed)
    enough = max(GROUP_ELEMENTS, -(-sum(sizes) // GROUPS))
    found, start = [], 0
    for end in range(1, len(sizes) + 1):
        rest = sum(sizes[end:])
        if end == len(sizes) or (sum(sizes[start:end]) >= enough and rest >= GROUP_ELEMENTS):
            found.append(Group(range(start, end), elements[start:end]))
            start = end
    return found


def sampled_elements(sizes: Sequence[int], seed: int = 0) -> list[np.ndarray]:
    """Indices into each flattened variable: all if it is small, else a sample of 1,024, sorted."""
    generator = np.random.default_rng(seed)
    return [
        np.arange(size)
        if size <= SAMPLED
        else np.sort(generator.choice(size, SAMPLED, replace=False))
        for size in sizes
    ]


def checked_gradients(gradients: Sequence[Any]) -> dict[int, Any]:
    """What is looked at in every step: at most 8 small gradients, spread over the depth, by place.

    Whatever is not finite spreads on the way back to all below, biases among them, and through
    the weights to the whole next step; so a few numbers tell that something is wrong. What and
    where is then looked up in all. Vectors are taken first, which need no reshaping; where no
    gradient is small, the first row of the last one.
    """
    dense = {
        place: gradient
        for place, gradient in enumerate(gradients)
        if gradient is not None and not hasattr(gradient, "indices")  # rows of an embedding
    }
    small = [i for i, gradient in dense.items() if 0 < _size(gradient) <= SMALL]
    small = [i for i in small if len(dense[i].shape) == 1] or small
    if not small:
        return {i: _flat(dense[i][:1]) for i in list(dense)[-1:] if len(dense[i].shape)}
    chosen = np.unique(np.linspace(0, len(small) - 1, CHECKED).round().astype(int))
    return {small[i]: _flat(dense[small[i]]) for i in chosen}


def is_finite(vectors: Sequence[Any]) -> Any:
    """Whether all numbers in some float32 vectors are finite: a boolean scalar tensor."""
    if not vectors:
        return ops.convert_to_tensor(True)
    return ops.isfinite(ops.sum(ops.concatenate(vectors) if len(vectors) > 1 else vectors[0]))


def measure_before(
    gradients: Sequence[Any], variables: Sequence[Any], elements: Sequence, broken: Any
) -> Any:
    """One vector: norms of gradients, which of them are not finite, which weights, samples.

    Args:
        gradients: One per variable, None where there is none.
        variables: The weights before the step.
        elements: Of each, as `sampled_elements` gives them.
        broken: Whether to read all weights to find one that is not finite; else 0 is given.

    Returns:
        Float32 of shape `(3 * variables + samples,)`. A norm beyond float32 (a gradient of more
        than 1e19) is infinite, and its gradient counts as not finite.
    """
    norms = ops.stack(
        [ops.zeros(()) if g is None else norm(ops.convert_to_tensor(g)) for g in gradients]
    )
    weights = ops.cond(
        broken,
        lambda: ops.stack([norm(ops.convert_to_tensor(v) * 0) for v in variables]),
        lambda: ops.zeros((len(variables),), "float32"),
    )
    return ops.concatenate([norms, not_finite(norms), not_finite(weights),
                            samples(variables, elements)])  # fmt: skip


def not_finite(numbers: Any) -> Any:
    """1 where a number is NaN or infinite, else 0; float32."""
    return ops.cast(ops.logical_not(ops.isfinite(numbers)), "float32")


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
    count = len(elements)
    owners = np.repeat(np.arange(count, dtype="int32"), [len(indices) for indices in elements])
    move, old, new = (
        ops.sqrt(ops.segment_sum(ops.square(each), owners, num_segments=count))
        for each in (after - before, before, after)
    )
    size = ops.where(old > 0, old, new)
    return ops.where(move > 0, move / ops.where(size > 0, size, 1.0), move)


def norm(tensor: Any) -> Any:
    """The Euclidean norm of all elements, float32.

    Rows are added up as a product with ones, three times as fast as a sum that XLA compiles.
    """
    squares = ops.square(ops.cast(tensor, "float32"))
    if len(squares.shape) > 1 and _size(squares) > SMALL:
        squares = ops.reshape(squares, (-1, squares.shape[-1]))
        squares = ops.matmul(squares, ops.ones((squares.shape[-1], 1)))
    return ops.sqrt(ops.sum(squares))


def _size(tensor: Any) -> int:
    return int(np.prod(tensor.shape, dtype="int64"))


def _flat(tensor: Any) -> Any:
    return ops.cast(tensor if len(tensor.shape) == 1 else ops.reshape(tensor, (-1,)), "float32")
