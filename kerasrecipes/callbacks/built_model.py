"""A model that has its variables before the first step of a `fit`."""

from __future__ import annotations

import contextlib
from typing import Any

import keras


def has_variables(model: keras.Model, token: Any) -> bool:
    """Whether the model has all its variables; one that `fit` would build in its first step is.

    On TensorFlow a model without an `Input` is built when its step is traced, after
    `on_train_begin`. What its data are like is known before, without drawing from them.

    Args:
        model: In `on_train_begin`.
        token: Of the `RunningFit`; None outside of one.
    """
    if _is_built(model):
        return True
    spec = getattr(getattr(token, "_distributed_dataset", None), "element_spec", None)
    if spec is None:
        return False
    with contextlib.suppress(Exception):  # of a `call` of the user's, which may do anything
        model._symbolic_build(data_batch=spec)  # there is no public way
    return _is_built(model)


def _is_built(model: keras.Model) -> bool:
    """By itself, or by all of its parts: a `train_step` may use them without a `call`."""
    parts = model._flatten_layers(include_self=False)
    return model.built or (bool(parts) and all(part.built for part in parts))
