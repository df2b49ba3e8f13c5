"""All that a fit is made of between two steps, its place apart: taken, and put back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kerasrecipes.callbacks.callback_states import has_state, restore, state_of
from kerasrecipes.checkpoints.model_state import ModelState, model_state, set_model_state
from kerasrecipes.checkpoints.random_state import random_state, set_random_state

Callbacks = Sequence[keras.callbacks.Callback]


def fit_state(
    model: keras.Model, callbacks: Callbacks, into: ModelState | None = None
) -> dict[str, Any]:
    """The state of model, callbacks and random numbers, none of which the training still changes.

    Args:
        model: Compiled and built.
        callbacks: All of the `fit`.
        into: A state of the model that nobody needs any more, to be overwritten.

    Returns:
        A tree of plain values and arrays.
    """
    return {
        "model": model_state(model, into),
        "stop_training": bool(model.stop_training),
        "callbacks": [
            {"class": type(each).__name__, "state": state_of(each)}
            for each in filter(has_state, callbacks)
        ],
        "random": random_state(),
    }


def put_back(
    state: Mapping[str, Any],
    model: keras.Model,
    callbacks: Callbacks,
    *,
    begun: int | None = None,
    with_random_numbers: bool = True,
) -> None:
    """Gives a fit the state that `fit_state` took of another.

    Args:
        state: As `fit_state` returned it.
        model: Built and compiled as the other's.
        callbacks: All of the `fit`, after `on_train_begin`.
        begun: The epoch, within one: callbacks without a state begin it; others have kept what they
            begin an epoch with. None at the end of an epoch.
        with_random_numbers: Whether nothing else is drawing random numbers meanwhile.

    Raises:
        ValueError: If the model's variables are not those of the state.
    """
    pairs = matched(callbacks, state["callbacks"])
    if begun is not None:
        for callback, own in pairs:
            if own is None:
                callback.on_epoch_begin(begun)
    set_model_state(model, state["model"])
    for callback, own in pairs:
        if own is not None:
            restore(callback, own)
    model.stop_training = state["stop_training"]
    if with_random_numbers:
        set_random_state(state["random"])


def matched(
    callbacks: Callbacks, saved: Sequence[Mapping[str, Any]]
) -> list[tuple[keras.callbacks.Callback, Any]]:
    """Each callback and its state: of those saved the first of its class that is left, or None."""
    left, pairs = list(saved), []
    for callback in callbacks:
        names = [each["class"] for each in left]
        name = type(callback).__name__
        is_there = has_state(callback) and name in names
        pairs.append((callback, left.pop(names.index(name))["state"] if is_there else None))
    return pairs
