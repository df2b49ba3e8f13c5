"""The cost that `fit` minimises, as a function of a model's weights, in float64."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes.gradients.float64_copy import as_float64, float64_bench, float64_copy
from kerasrecipes.layers import dropout_disabled


class ModelCost(NamedTuple):
    """A model's cost as a function of its trainable variables.

    Attributes:
        function: Takes a list of float64 tensors like `values`, returns J, a scalar.
        values: The float64 copy's variables, where the model stands.
        names: The path of each in the model.
    """

    function: Callable[[list], Any]
    values: list[keras.Variable]
    names: list[str]


@contextlib.contextmanager
def model_cost(
    model: keras.Model,
    x: Any,
    y: Any,
    *,
    variables: Sequence[Any] | None = None,
    sample_weight: Any = None,
    training: bool = True,
) -> Iterator[ModelCost]:
    """Gives the cost of one batch on a float64 copy with dropout off, usable inside the block.

    J is the loss of the batch plus all regularisation. The model, its optimizer, Keras's settings
    and random states are afterwards as they were before, also when the block raises.

    Args:
        model: A built `keras.Model` with a loss, copyable from its config.
        x: Inputs of one batch: array, or a list or dict of arrays, shape `(examples, ...)`.
        y: Targets of the batch, as `fit` takes them.
        variables: Trainable variables, or their paths or names; all by default.
        sample_weight: Weights of the examples, as `fit` takes them.
        training: Whether layers run in training mode.

    Raises:
        ValueError: If the model is not built, has no loss, nothing to train or cannot be copied,
            a variable is unknown, or the batch is empty or its lengths differ.
    """
    _require_model(model)
    _require_batch(x, y, sample_weight)
    chosen = _chosen(model, variables)
    with float64_bench():
        x, y, sample_weight = (as_float64(value) for value in (x, y, sample_weight))
        copy = float64_copy(model, tree.map_structure(lambda array: array[:1], x))
        _compile(copy, model)
        _require_loss(copy, x)
        with dropout_disabled(copy):
            yield ModelCost(
                _cost(copy, x, y, sample_weight, training, chosen),
                [copy.trainable_variables[i] for i in chosen],
                [model.trainable_variables[i].path for i in chosen],
            )


def _cost(model, x, y, sample_weight, training, chosen):
    """J as a function of the chosen variables' values."""
    variables = [model.trainable_variables[i] for i in chosen]
    held = _held(model, besides=variables)

    def cost(values):
        mapping = [*held, *zip(variables, values, strict=True)]
        with keras.StatelessScope(mapping, collect_losses=True):
            outputs = model(x, training=training)
            return model.compute_loss(x, y, outputs, sample_weight, training=training)

    return cost


def _held(model, besides=()):
    """The weights as they are, but as tensors: `custom_gradient` takes no TensorFlow variables."""
    moved = {id(variable) for variable in besides}
    others = [variable for variable in model.weights if id(variable) not in moved]
    return [(v, ops.convert_to_tensor(ops.convert_to_numpy(v))) for v in others]


def _require_model(model: Any) -> None:
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"`model` must be a keras.Model. Received: model={model!r}. "
            "A layer or a function alone is checked by `kr.check_gradients`."
        )
    if not model.built:
        raise ValueError(
            f"`model` must be built, or it has no weights yet. Received: "
            f"model={model.name!r}, not built. Call it once on a batch, or give it an Input."
        )
    if not model.compiled:
        raise ValueError(_without_loss(model))


def _require_batch(x: Any, y: Any, sample_weight: Any) -> None:
    shapes = [np.shape(array) for array in tree.flatten((x, y, sample_weight)) if array is not None]
    if () in shapes:
        raise ValueError(
            "`x` and `y` must be arrays of one batch, with the examples along their first axis. "
            f"Received: x of type {type(x).__name__}, y of type {type(y).__name__}. Take one batch "
            "out of a dataset, and make arrays of lists: np.array(y)."
        )
    lengths = [shape[0] for shape in shapes]
    if not lengths or min(lengths) == 0 or len(set(lengths)) > 1:
        raise ValueError(
            "`x` and `y` must hold the same number of examples, at least one. "
            f"Received: arrays of {lengths} examples."
        )


def _chosen(model: keras.Model, variables: Sequence[Any] | None) -> list[int]:
    """Numbers, among the trainable variables, of those to look at."""
    known = model.trainable_variables
    _require_trainable(model)
    if variables is None:
        return list(range(len(known)))
    chosen: set[int] = set()
    for wanted in [variables] if isinstance(variables, str) else variables:
        found = {i for i, v in enumerate(known) if _is_wanted(v, wanted)}
        if not found:
            raise ValueError(
                "`variables` must be trainable variables of the model, or their names. "
                f"Received: {getattr(wanted, 'path', wanted)!r}. "
                f"Known: {', '.join(v.path for v in known)}."
            )
        chosen |= found
    if not chosen:
        raise ValueError("`variables` must name at least one variable. Received: variables=[].")
    return sorted(chosen)


def _require_loss(model: keras.Model, x: Any) -> None:
    """Refuses a model that has neither a loss nor a cost of its own."""
    if model.loss is None and type(model).compute_loss is keras.Model.compute_loss:
        with keras.StatelessScope(_held(model), collect_losses=True):
            model(x, training=False)
            if not model.losses:
                raise ValueError(_without_loss(model))


def _without_loss(model: keras.Model) -> str:
    return (
        "`model` must be compiled with a loss: its cost is what is differentiated. "
        f"Received: model={model.name!r} without a loss. Call model.compile(loss=...)."
    )


def _is_wanted(variable: keras.Variable, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return wanted in (variable.path, variable.name)
    return wanted is variable


def _require_trainable(model: keras.Model) -> None:
    if not model.trainable_variables:
        raise ValueError(
            f"`model` must have trainable variables to check. Received: model={model.name!r}, "
            "all frozen or none. Set `trainable=True`."
        )
    for variable in model.trainable_variables:
        if not keras.backend.is_float_dtype(variable.dtype):
            raise ValueError(
                f"`model` must have floating-point trainable variables. Received: "
                f"{variable.path} of dtype {variable.dtype}. Set `trainable=False` on it."
            )


def _compile(copy: keras.Model, model: keras.Model) -> None:
    """Gives the copy the model's loss, its `keras.losses.Loss` objects in float64."""
    given = model._compile_config.config  # no public way to the loss weights as objects
    loss = tree.map_structure(_loss_in_float64, model.loss)
    keras.Model.compile(copy, loss=loss, loss_weights=given.get("loss_weights"))


def _loss_in_float64(loss: Any) -> Any:
    if not isinstance(loss, keras.losses.Loss):
        return loss
    twin = object.__new__(type(loss))
    vars(twin).update(vars(loss))  # also the attributes that its config does not have
    keras.losses.Loss.__init__(twin, loss.name, loss.reduction, dtype="float64")
    return twin
