"""The name of a loss, however it was given, and what it expects."""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

import keras
from keras import tree


class LossFacts(NamedTuple):
    """What a loss is.

    Attributes:
        name: In snake case; `"none"` without a loss, `"custom"` for a lambda.
        from_logits: Whether it applies softmax or sigmoid itself.
        label_smoothing: Share of each label spread over all classes.
        is_told: Whether its options could be read; else they are taken as the defaults.
    """

    name: str
    from_logits: bool = False
    label_smoothing: float = 0.0
    is_told: bool = True


def loss_facts(loss: Any) -> LossFacts:
    """Reads the loss of `compile`; of several, the first.

    Args:
        loss: A name, a function, a `keras.losses.Loss`, a list or dict of these, or None.

    Example:
        >>> loss_facts("mse").name, loss_facts(keras.losses.KLDivergence()).name
        ('mean_squared_error', 'kl_divergence')
        >>> loss_facts(keras.losses.BinaryCrossentropy(from_logits=True))
        LossFacts(name='binary_crossentropy', from_logits=True, label_smoothing=0.0, is_told=True)
    """
    given = [item for item in tree.flatten(loss) if item is not None]
    if not given:
        return LossFacts("none")
    first = given[0]
    if isinstance(first, str):
        return LossFacts(_name_of_text(first))
    if isinstance(first, functools.partial):
        name, options = loss_facts(first.func).name, first.keywords
        return LossFacts(name, bool(options.get("from_logits")), _number(options, 0.0))
    if isinstance(first, keras.losses.Loss):
        options = {name: getattr(first, name, None) for name in ("from_logits", "label_smoothing")}
        config = _config(first)
        options = {**(config or {}), **{k: v for k, v in options.items() if v is not None}}
        name, from_logits = _loss_name(first), bool(options.get("from_logits"))
        return LossFacts(name, from_logits, _number(options, 0.0), config is not None)
    name = getattr(first, "__name__", type(first).__name__)
    return LossFacts("custom" if name == "<lambda>" else _snake_case(name))


def _name_of_text(text: str) -> str:
    try:
        found = keras.losses.get(text)
    except ValueError:
        return _snake_case(text)
    return loss_facts(found).name


def _loss_name(loss: keras.losses.Loss) -> str:
    wrapped = getattr(loss, "fn", None)
    name = getattr(wrapped, "__name__", "")
    is_keras = type(loss).__module__.startswith("keras")
    if (
        name
        and name != "<lambda>"
        and not (is_keras and hasattr(keras.losses, type(loss).__name__))
    ):
        return _snake_case(name)
    return _snake_case(type(loss).__name__)


def _config(loss: keras.losses.Loss) -> dict[str, Any] | None:
    """The options of the loss; None of a custom one that does not tell them."""
    try:
        return loss.get_config()
    except (NotImplementedError, AttributeError, TypeError, ValueError):
        return None


def _number(options: dict[str, Any], default: float) -> float:
    value = options.get("label_smoothing")
    return float(value) if isinstance(value, (int, float)) else default


def _snake_case(name: str) -> str:
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
