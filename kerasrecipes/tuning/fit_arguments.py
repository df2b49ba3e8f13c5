"""What a hypermodel's own `fit` would train with, read without training."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import keras_tuner

_FIT = inspect.signature(keras.Model.fit)


class _Captured(BaseException):
    """Leaves a hypermodel's `fit` at its call of `model.fit`, past any `except Exception`."""


class TrainedItself(Exception):  # noqa: N818 - an answer, not an error
    """A hypermodel's `fit` has trained in a way of its own; `result` is what it returned."""

    def __init__(self, result: Any) -> None:
        super().__init__("`HyperModel.fit` does not call `model.fit`")
        self.result = result


def fit_arguments(
    hypermodel: keras_tuner.HyperModel,
    hp: keras_tuner.HyperParameters,
    model: keras.Model,
    args: tuple,
    kwargs: dict[str, Any],
) -> dict[str, Any]:
    """The arguments with which `hypermodel.fit(hp, model, *args, **kwargs)` calls `model.fit`.

    A hypermodel may choose some itself, as in
    `model.fit(*args, batch_size=hp.get("batch_size"), **kwargs)`.

    Returns:
        Dict by name, without those left at their defaults.

    Raises:
        TrainedItself: If it returns without calling `model.fit`.
    """
    if type(hypermodel).fit is keras_tuner.HyperModel.fit:
        return _named(model, args, kwargs)
    captured: dict[str, Any] = {}

    def fit(*fit_args: Any, **fit_kwargs: Any) -> None:
        captured.update(_named(model, fit_args, fit_kwargs))
        raise _Captured

    model.fit = fit
    try:
        result = hypermodel.fit(hp, model, *args, **kwargs)
    except _Captured:
        return captured
    finally:
        del model.fit
    raise TrainedItself(result)


def _named(model: keras.Model, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    arguments = dict(_FIT.bind(model, *args, **kwargs).arguments)
    arguments.pop("self")
    return arguments
