"""All that a model, its optimizer and its metrics remember, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

ModelState = dict[str, list[np.ndarray]]


def model_state(model: keras.Model, into: ModelState | None = None) -> ModelState:
    """Copies the variables of a model, of its optimizer and of its metrics.

    Weights, statistics of batch norm, states of dropout's seeds, moments, averages of weights,
    accumulated gradients, the learning rate, and the sums of the metrics.

    Args:
        model: Compiled and built.
        into: A state of this model that nobody needs any more, to be overwritten: new memory takes
            several times as long to fill.

    Returns:
        Dict of lists of arrays, in Keras's order of the variables.
    """
    sync(model)
    return {
        name: list(map(_copied, variables, _spare(into, name, len(variables))))
        for name, variables in _variables(model).items()
    }


def _spare(state: ModelState | None, name: str, count: int) -> Sequence[np.ndarray | None]:
    arrays = (state or {}).get(name, [])
    return arrays if len(arrays) == count else [None] * count


def _copied(variable: Any, spare: np.ndarray | None) -> np.ndarray:
    value = keras.ops.convert_to_numpy(variable)
    if spare is None or (spare.shape, spare.dtype) != (value.shape, value.dtype):
        return np.array(value)
    np.copyto(spare, value)
    return spare


def set_model_state(model: keras.Model, state: ModelState) -> None:
    """Puts back what `model_state` returned; the learning rate and its like too.

    Raises:
        ValueError: If the variables are not those of the state; nothing was changed then.
    """
    sync(model)
    found = _variables(model)
    for name, variables in found.items():
        _check(name, variables, state.get(name, []))
    for name, variables in found.items():
        for variable, value in zip(variables, state[name], strict=True):
            variable.assign(value)


def set_back(model: keras.Model, state: ModelState, apart: Iterable[Any] = ()) -> None:
    """Puts weights and optimizer back to a state of this training; its metrics go on.

    Args:
        model: In `fit`, between two steps.
        state: From `model_state`.
        apart: Variables that go on too, such as counters of what watches the training.

    Raises:
        ValueError: If the variables are not those of the state; nothing was changed then.
    """
    sync(model)
    found, kept = _variables(model), set(map(id, apart))
    for name in ("model", "optimizer"):
        _check(name, found[name], state.get(name, []))
    for name in ("model", "optimizer"):
        for variable, value in zip(found[name], state[name], strict=True):
            if id(variable) not in kept:
                variable.assign(value)


def is_built(model: keras.Model) -> bool:
    """Whether the model, its optimizer and its metrics have their variables."""
    parts = (*_optimizers(model), model._compile_metrics, model._compile_loss)  # no public names
    layers = model._flatten_layers()
    return all(each.built for each in (*layers, *parts) if each is not None)


def build_all(model: keras.Model, batch: Any) -> None:
    """Makes all variables that a `fit` would, without drawing from its data.

    On JAX `fit` takes a batch to find their shapes, and with it random numbers; one whose model is
    built does not.

    Args:
        model: Compiled.
        batch: A batch as `fit` takes it, `(x, y)`; some rows are enough.
    """
    if not is_built(model):
        model._symbolic_build(data_batch=batch)  # there is no public way


def sync(model: keras.Model) -> None:
    """Within a `fit` on JAX the variables are elsewhere: this brings them to the model."""
    bring = getattr(model, "jax_state_sync", None)
    if bring is not None:
        bring()


def _variables(model: keras.Model) -> dict[str, Sequence[Any]]:
    optimizer = [variable for each in _optimizers(model) for variable in each.variables]
    groups = {"model": model.variables, "optimizer": optimizer, "metrics": model.metrics_variables}
    seen: set[int] = set()
    own: dict[str, Sequence[Any]] = {}
    for name, variables in groups.items():  # a layer may hold a metric of the model's
        own[name] = [each for each in variables if id(each) not in seen and not _is_passing(each)]
        seen.update(map(id, variables))
    return own


def _is_passing(variable: Any) -> bool:
    """Whether it is there for the length of one `fit` alone, by who keeps what is in it."""
    return getattr(variable, "is_passing", False)


def _optimizers(model: keras.Model) -> list[keras.optimizers.Optimizer]:
    """The model's own, and those that a `train_step` of the user's has beside it.

    They are attributes of the model, alone or in a list, tuple or dict.
    """
    found = [model.optimizer]
    for value in vars(model).values():
        if isinstance(value, Mapping):
            found.extend(value.values())
        else:
            found.extend(value if isinstance(value, (list, tuple)) else [value])
    optimizers = [each for each in found if isinstance(each, keras.optimizers.Optimizer)]
    return list({id(each): each for each in optimizers}.values())


def _check(name: str, variables: Sequence[Any], values: Sequence[np.ndarray]) -> None:
    if len(variables) != len(values):
        raise ValueError(
            f"`{name}` must have as many variables as were saved. Received: {len(variables)}, and "
            f"{len(values)} were saved. Build and compile the model as before."
        )
    for variable, value in zip(variables, values, strict=True):
        if tuple(variable.shape) != value.shape:
            raise ValueError(
                f"`{variable.path}` must have the shape that was saved. Received: "
                f"{tuple(variable.shape)}, and {value.shape} was saved. Build the model as before."
            )
