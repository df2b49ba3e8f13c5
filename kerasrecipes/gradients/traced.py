"""A function traced once, and split at some of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasrecipes import backend
from kerasrecipes.gradients.graph_split import Suffix, split_graph


class Traced:
    """A scalar function of a list of tensors, traced once, which can be split at some of them.

    Args:
        function: Takes the list of tensors, returns a scalar tensor; no first call may build
            variables any more.
        shapes: Shapes of the tensors, which are float64.
    """

    def __init__(self, function: Callable[[list], Any], shapes: Sequence[tuple[int, ...]]) -> None:
        self._function, self._count = function, len(shapes)
        self._graph = backend.pruned_graph(function, shapes)
        if self._graph is None:
            self._both = backend.compiled(
                lambda tensors: backend.value_and_gradients(function, tensors)
            )

    def value_and_gradients(self, tensors: Sequence[Any]) -> tuple[Any, list[Any]]:
        """The value at some tensors, and the gradient for each of them."""
        if self._graph is not None:
            value, *gradients = self._graph(*tensors)
            return value, gradients
        return self._both(list(tensors))

    def split(self, parts: Sequence[Sequence[int]]) -> tuple[Callable, list[Suffix]]:
        """Splits the function, for each part of its tensors, into what depends on them and not.

        Args:
            parts: The numbers of the tensors that move together, for each part.

        Returns:
            `(prefix, suffixes)`: `prefix(tensors)` computes, for each part, all that does not
            depend on it, and the part's suffix does the rest. Only TensorFlow is split in
            earnest: XLA moves what stays the same out of a loop by itself.
        """
        if self._graph is not None:
            return split_graph(self._graph, self._count, parts)
        held = [[i for i in range(self._count) if i not in moving] for moving in parts]

        def suffix(moving: Sequence[int], held: Sequence[int]) -> Callable:
            def function(moved: Sequence[Any], kept: Sequence[Any]) -> Any:
                by_number = dict(zip([*moving, *held], [*moved, *kept], strict=True))
                return self._function([by_number[i] for i in range(self._count)])

            return backend.compiled(function)

        suffixes = [Suffix(suffix(*pair), 0) for pair in zip(parts, held, strict=True)]
        return (lambda tensors: [[tensors[i] for i in one] for one in held]), suffixes
