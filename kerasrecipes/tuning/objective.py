"""What a search minimises or maximises, and whether a trial reports it."""

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import keras_tuner


def describe_objective(objective: Any) -> dict[str, str]:
    """Each name and its direction, as plain values."""
    several = getattr(objective, "name_to_direction", None)
    return dict(several) if several else {objective.name: objective.direction}


def require_objective(results: Any, objective: Any) -> None:
    """Raises if what a trial returned lacks the objective.

    Args:
        results: A `History`, a dict of metrics, a number, or a list of these.
        objective: keras-tuner's.

    Raises:
        FatalValueError: A `ValueError` that keras-tuner lets end the search, since all other
            trials would lack it too.

    Example:
        >>> require_objective({"loss": 0.5}, keras_tuner.Objective("val_loss", "min"))
        Traceback (most recent call last):
        ...
        keras_tuner.src.errors.FatalValueError: `objective` must be a metric that the trials ...
    """
    if isinstance(results, list | tuple):
        for each in results:
            require_objective(each, objective)
        return
    if isinstance(results, keras.callbacks.History):
        results = results.history
    if not isinstance(results, Mapping):
        return
    missing = [name for name in describe_objective(objective) if name not in results]
    if missing and objective.name not in results:
        raise keras_tuner.errors.FatalValueError(_missing(missing, results))


def _missing(missing: Iterable[str], logged: Iterable[str]) -> str:
    names = ", ".join(missing)
    hint = " `search` needs `validation_data` for it." if names.startswith("val_") else ""
    return (
        f"`objective` must be a metric that the trials report. Received: objective={names}; "
        f"reported: {', '.join(logged) or 'nothing'}.{hint}"
    )
