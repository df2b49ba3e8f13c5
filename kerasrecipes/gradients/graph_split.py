"""The operations of a graph, in what depends on some of its inputs and what does not."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from kerasrecipes import backend


class Suffix(NamedTuple):
    """The part of a function that depends on some tensors.

    Attributes:
        function: `function(moved, kept) -> value`, with the tensors that move, in their order,
            and what the prefix keeps for them; compiled.
        saved: How many operations it leaves to the prefix.
    """

    function: Callable[[Sequence[Any], Sequence[Any]], Any]
    saved: int


def split_graph(
    graph: Any, count: int, parts: Sequence[Sequence[int]]
) -> tuple[Callable, list[Suffix]]:
    """Cuts a graph, for each part of its inputs, in front of what depends on them.

    Args:
        graph: As `backend.pruned_graph` makes it.
        count: Of its inputs.
        parts: The numbers of the inputs that move together, for each part.

    Returns:
        `(prefix, suffixes)`, as `Traced.split` gives them.
    """
    inputs, value = graph.inputs[:count], graph.outputs[0]
    cuts, suffixes = [], []
    for moving in parts:
        moved = [inputs[i] for i in moving]
        again = _again(graph.graph, moved, value)
        cut = _edge(again, inputs) if again else [value]
        cuts.append(cut)
        suffixes.append(_suffix(graph, moved, cut, value, again))
    fetched = list({tensor.ref(): tensor for cut in cuts for tensor in cut}.values())
    places = {tensor.ref(): place for place, tensor in enumerate(fetched)}
    pruned = backend.compiled(graph.prune(inputs, fetched)) if fetched else lambda *tensors: []

    def prefix(tensors: Sequence[Any]) -> list[list[Any]]:
        kept = list(pruned(*tensors))
        return [[kept[places[tensor.ref()]] for tensor in cut] for cut in cuts]

    return prefix, suffixes


def _suffix(graph: Any, moved: list, cut: list, value: Any, again: set) -> Suffix:
    everything = _towards(value, lambda operation: True)
    saved = sum(not _is_source(operation) for operation in everything - again)
    if not again:  # the value does not depend on them: it is kept itself
        return Suffix(lambda moved, kept: kept[0], saved)
    used = [place for place, tensor in enumerate(moved) if tensor.op in again]

    @functools.cache
    def pruned() -> Callable:
        function = graph.prune([*(moved[place] for place in used), *cut], value)
        return backend.compiled(
            lambda moved, kept: function(*(moved[place] for place in used), *kept)
        )

    return Suffix(lambda moved, kept: pruned()(moved, kept), saved)


def _again(graph: Any, moved: Sequence[Any], value: Any) -> set:
    """The operations that are done again when some tensors move.

    Those that depend on them, and those that make handles for these: a handle is not passed from
    function to function.
    """
    behind = {tensor.op for tensor in moved}
    for operation in graph.get_operations():  # in order of creation
        if any(tensor.op in behind for tensor in operation.inputs):
            behind.add(operation)
    return _towards(value, lambda operation: operation in behind or _is_handle(operation))


def _edge(operations: set, inputs: Sequence[Any]) -> list:
    """The tensors that operations need from others; constants come along by themselves."""
    given = {tensor.ref() for tensor in inputs}
    edge = {
        tensor.ref(): tensor
        for operation in operations
        for tensor in operation.inputs
        if tensor.op not in operations and (tensor.ref() in given or not _is_source(tensor.op))
    }
    return list(edge.values())


def _towards(tensor: Any, is_wanted: Callable[[Any], bool]) -> set:
    """The operations from which a tensor is computed, as far back as they are wanted."""
    found, waiting = set(), [tensor.op]
    while waiting:
        operation = waiting.pop()
        if operation not in found and is_wanted(operation):
            found.add(operation)
            waiting += [source.op for source in operation.inputs]
    return found


def _is_source(operation: Any) -> bool:
    return operation.type in ("Const", "Placeholder")


def _is_handle(operation: Any) -> bool:
    return any(output.dtype.name in ("resource", "variant") for output in operation.outputs)
