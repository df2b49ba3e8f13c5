"""What the user wrote: the model, `compile` and `fit`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes.diagnosis.collect.layer_facts import input_dropout, layer_facts
from kerasrecipes.diagnosis.collect.layer_order import steps_of
from kerasrecipes.diagnosis.collect.loss_facts import LossFacts, loss_facts
from kerasrecipes.diagnosis.trace import LayerFacts, Program


def program_facts(
    model: keras.Model,
    *,
    batch_size: int | None = None,
    epochs: int = 1,
    shuffle: bool = True,
) -> Program:
    """Reads a compiled model; nothing of it is changed or run.

    Args:
        model: Compiled, of any kind; what a subclassed one does not tell is said in `left_out`.
        batch_size: As given to `fit`; None is Keras's 32.
        epochs: As given to `fit`.
        shuffle: As given to `fit`.

    Returns:
        The `Program`. Of several outputs, the first is read.

    Raises:
        ValueError: If the model is none, or is not compiled.

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
        >>> model.compile("adam", "sparse_categorical_crossentropy")
        >>> program = program_facts(model)
        >>> program.output_activation, program.loss, program.optimizer, program.parameters
        ('softmax', 'sparse_categorical_crossentropy', 'adam', 15)
    """
    require_compiled(model)
    steps, left_out = steps_of(model)
    layers = layer_facts(steps)
    shape, unknown = _output_shape(model, layers)
    loss, optimizer = loss_facts(model.loss), _inner_optimizer(model.optimizer)
    scheduled, untold = _schedule(optimizer)
    return Program(
        layers=layers,
        output_activation=layers[-1].activation if layers else "linear",
        output_units=int(shape[-1] or 1),
        output_rank=len(shape),
        loss=loss.name,
        from_logits=loss.from_logits,
        label_smoothing=loss.label_smoothing,
        optimizer=type(optimizer).__name__.lower(),
        learning_rate=_shortest(ops.convert_to_numpy(optimizer.learning_rate)),
        momentum=_number(getattr(optimizer, "momentum", 0.0)),
        scheduled=scheduled,
        metrics=tuple(_metric_names(model)),
        batch_size=32 if batch_size is None else int(batch_size),
        epochs=int(epochs),
        shuffle=bool(shuffle),
        parameters=sum(int(np.prod(weight.shape)) for weight in model.trainable_weights),
        input_dropout=input_dropout(steps),
        left_out=(*left_out, *unknown, *untold, *_of_the_loss(loss)),
    )


def require_compiled(model: Any) -> None:
    """Raises a ValueError if the model is none, or is not compiled."""
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"`model` must be a keras.Model. Received: model={model!r}. Wrap a layer in "
            "keras.Sequential([keras.Input(shape), layer])."
        )
    if not model.compiled:
        raise ValueError(
            "`model` must be compiled: loss, optimizer and learning rate are what is looked at. "
            f"Received: model={model.name!r}, not compiled. Call model.compile(optimizer, loss)."
        )


def _output_shape(
    model: keras.Model, layers: tuple[LayerFacts, ...]
) -> tuple[tuple[int | None, ...], list[str]]:
    """Shape of the first output, examples included, and what was left out."""
    try:
        shapes = [tuple(tensor.shape) for tensor in tree.flatten(model.outputs)]
    except (AttributeError, TypeError, ValueError):
        shapes = []
    if len(shapes) > 1:
        return shapes[0], [f"checks of {len(shapes) - 1} outputs: only the first is looked at"]
    if shapes:
        return shapes[0], []
    units = layers[-1].units if layers else None
    reason = "shape of the output: the model does not tell; taken from its last layer"
    return (None, units), [reason]


def _of_the_loss(loss: LossFacts) -> list[str]:
    """What was left out of the loss."""
    if loss.name == "none":
        return ["checks of the loss: none, or the model computes its own"]
    if not loss.is_told:
        return [f"options of the loss: {loss.name} has no config; taken as the defaults"]
    return []


def _inner_optimizer(optimizer: Any) -> Any:
    """The optimizer itself where one that scales the loss is wrapped around it."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _schedule(optimizer: Any) -> tuple[bool, list[str]]:
    """Whether the optimizer has a schedule, and what was left out."""
    try:
        return isinstance(optimizer.get_config().get("learning_rate"), dict), []
    except (NotImplementedError, AttributeError, TypeError, ValueError):
        name = type(optimizer).__name__
        return False, [f"schedule of the learning rate: {name} has no config; taken as constant"]


def _shortest(value: Any) -> float:
    """A float32 as it was written: 0.01, not 0.00999999977."""
    return float(str(np.asarray(value)))


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _metric_names(model: keras.Model) -> Iterator[str]:
    given = model._compile_config.config  # no public way to the metrics as given
    for metric in tree.flatten([given.get("metrics"), given.get("weighted_metrics")]):
        if isinstance(metric, (str, keras.losses.Loss)):
            yield metric if isinstance(metric, str) else loss_facts(metric).name
        elif isinstance(metric, keras.metrics.Metric):
            yield metric.name
        elif metric is not None:
            yield getattr(metric, "__name__", type(metric).__name__)
