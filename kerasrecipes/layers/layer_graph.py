"""Which layer of a functional or sequential model feeds which."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import keras

OUTPUT = "the model's output"


class LayerGraph:
    """Producers and consumers of each layer by name, a name once for each use.

    `training` holds the names of the layers that the graph itself calls with `training=True`: they
    train also where the model is called without saying so.

    Args:
        model: Functional or sequential model, built.

    Example:
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="first"),
    ...                           keras.layers.Dense(1, name="second")])
    >>> LayerGraph(model).consumers["first"], LayerGraph(model).producers["first"]
    (['second'], ['the input'])
    """

    def __init__(self, model: Any) -> None:
        self.layers: dict[str, Any] = {}
        self.producers: dict[str, list[str]] = defaultdict(list)
        self.consumers: dict[str, list[str]] = defaultdict(list)
        self.calls: dict[str, int] = defaultdict(int)
        self.training: set[str] = set()
        if isinstance(model, keras.Sequential):
            links = _chain(model)
        else:
            config = model.get_config()
            links, self.training = _links(config), set(_training(config))
        for producer, consumer, new_call in links:
            self.producers[consumer].append(producer)
            self.consumers[producer].append(consumer)
            self.calls[consumer] += new_call
        operations = model.layers if isinstance(model, keras.Sequential) else model.operations
        self.layers = {operation.name: operation for operation in operations}

    def only_producer(self, name: str) -> str | None:
        """The layer that alone feeds `name`, called once, and feeds nothing else; or None."""
        producers = self.producers[name]
        if self.calls[name] != 1 or len(producers) != 1:
            return None
        return producers[0] if self.consumers[producers[0]] == [name] else None

    def only_consumer(self, name: str) -> str | None:
        """The layer that alone reads `name`, called once, and reads nothing else; or None."""
        consumers = self.consumers[name]
        if len(consumers) != 1 or self.producers[consumers[0]] != [name]:
            return None
        return consumers[0] if consumers[0] != OUTPUT else None


def _chain(model: Any) -> Iterator[tuple[str, str, int]]:
    names = ["the input", *(layer.name for layer in model.layers), OUTPUT]
    for producer, consumer in itertools.pairwise(names):
        yield producer, consumer, 1


def _links(config: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    """`(producer, consumer, 1 for the first tensor of a call)` as the model's config has them."""
    for layer in config["layers"]:
        for call in layer["inbound_nodes"]:
            for index, producer in enumerate(_histories(call)):
                yield producer, layer["name"], int(index == 0)
    for producer in _output_names(config["output_layers"]):
        yield producer, OUTPUT, 1


def _training(config: dict[str, Any]) -> Iterator[str]:
    """Names of the layers with a call that has `training=True` in it."""
    for layer in config["layers"]:
        for call in layer["inbound_nodes"]:
            if call["kwargs"].get("training"):
                yield layer["name"]


def _histories(value: Any) -> Iterator[str]:
    """Names of the layers whose tensors stand anywhere in the arguments of a call."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        yield value["config"]["keras_history"][0]
    elif isinstance(value, dict):
        for item in value.values():
            yield from _histories(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _histories(item)


def _output_names(outputs: Any) -> Iterator[str]:
    """Names in any nesting of `[name, node, tensor]`."""
    if isinstance(outputs, (list, tuple)) and outputs and isinstance(outputs[0], str):
        yield outputs[0]
    else:
        for item in outputs.values() if isinstance(outputs, dict) else outputs:
            yield from _output_names(item)
