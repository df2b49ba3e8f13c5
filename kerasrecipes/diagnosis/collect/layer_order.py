"""The layers of a model in the order of execution, nested models laid open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import tree

from kerasrecipes.layers.block import Block
from kerasrecipes.layers.layer_graph import LayerGraph

# Of a layer without a config, the graph is not known.
_NO_GRAPH = (NotImplementedError, AttributeError, TypeError, ValueError)


@dataclass(frozen=True, eq=False)
class Step:
    """One layer, or an activation that a block holds as a function.

    Attributes:
        layer: The layer; the activation function of a block.
        before: The step whose output it reads, the latest of several; None at the input.
    """

    layer: Any
    before: Step | None


def steps_of(model: Any) -> tuple[list[Step], list[str]]:
    """Lists the layers with what each reads; of several outputs, those behind the first.

    Args:
        model: A `keras.Model`.

    Returns:
        `(steps, left_out)`; `left_out` says where the order is no more than that in which a
        subclass made its layers.

    Example:
        >>> inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="first")])
        >>> model = keras.Sequential([inner, keras.layers.ReLU(name="second")])
        >>> steps, _ = steps_of(model)
        >>> [(step.layer.name, step.before and step.before.layer.name) for step in steps]
        [('first', None), ('second', 'first')]
    """
    left_out: list[str] = []
    if _is_functional(model) and len(tree.flatten(model.outputs)) > 1:
        return _graph(model, None, left_out, _behind_first_output(model)), left_out
    return _opened(model, None, left_out), left_out


def _behind_first_output(model: Any) -> set[str]:
    """Names of the layers that the first output is made from."""
    try:
        producers = LayerGraph(model).producers
    except _NO_GRAPH:
        return {layer.name for layer in model.operations}
    found: set[str] = set()
    ahead = [tree.flatten(model.outputs)[0]._keras_history.operation.name]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += producers[name]
    return found


def _opened(layer: Any, before: Step | None, left_out: list[str]) -> list[Step]:
    if isinstance(layer, keras.Sequential):
        return _chain(layer.layers, before, left_out)
    if isinstance(layer, Block):
        return _chain(_block_parts(layer), before, left_out)
    if _is_functional(layer):
        return _graph(layer, before, left_out)
    if not isinstance(layer, keras.Model):
        return [Step(layer, before)]
    left_out.append(
        f"order of layers in {layer.name!r}: a subclassed model does not tell it; taken as made"
    )
    return _chain(layer.layers, before, left_out)


def _chain(layers: Any, before: Step | None, left_out: list[str]) -> list[Step]:
    steps: list[Step] = []
    for layer in layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        steps += _opened(layer, before, left_out)
        before = steps[-1] if steps else before
    return steps


def _graph(
    model: Any, before: Step | None, left_out: list[str], only: set[str] | None = None
) -> list[Step]:
    try:
        producers = LayerGraph(model).producers
    except _NO_GRAPH:
        left_out.append(f"branches of {model.name!r}: its config cannot be read; taken as a chain")
        return _chain(model.layers, before, left_out)
    steps: list[Step] = []
    last: dict[str, Step | None] = {}
    for layer in model.operations:
        if isinstance(layer, keras.layers.InputLayer):
            last[layer.name] = before
            continue
        if only is not None and layer.name not in only:
            continue
        known = [last.get(name) for name in producers[layer.name]]
        read = max((s for s in known if s in steps), key=steps.index, default=before)
        steps += _opened(layer, read, left_out)
        last[layer.name] = steps[-1] if steps else read
    return steps


def _is_functional(layer: Any) -> bool:
    """Whether its layers and their calls are known: a subclass of Model made from tensors too."""
    return isinstance(layer, keras.Model) and hasattr(layer, "operations")


def _block_parts(block: Block) -> list[Any]:
    parts = [block.linear, block.normalization, block.activation, block.pooling, block.dropout]
    return [part for part in parts if part is not None]
