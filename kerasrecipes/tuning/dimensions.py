"""Hyperparameters as pictures show them: places on an axis, and what is written along it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kerasrecipes.report.figures import Dimension, canvas
from kerasrecipes.tuning.trials_table import TrialsTable

ONE_MINUS = "one_minus_"
_MOST_STEPS = 6  # more values than that are not all written


def dimensions(table: TrialsTable) -> tuple[Dimension, ...]:
    """The hyperparameters of a search in the order of its space.

    What `one_minus_log` registers as `one_minus_beta` is shown as `beta`, its small values left.

    Args:
        table: From `trials_table`.

    Returns:
        A `Dimension` each.
    """
    return tuple(
        _dimension(table, name, table.units[:, column]) for column, name in enumerate(table.names)
    )


def shown_name(name: str, parameter: Any) -> str:
    """The name that a reader knows: `beta` for the logarithmic `one_minus_beta`.

    Example:
        >>> import keras_tuner
        >>> hp = keras_tuner.HyperParameters()
        >>> _ = hp.Float("one_minus_beta", 1e-3, 0.1, sampling="log")
        >>> shown_name("one_minus_beta", hp.space[0])
        'beta'
    """
    return name.replace(ONE_MINUS, "", 1) if _is_one_minus(name, parameter) else name


def shown_value(name: str, parameter: Any, value: Any) -> str:
    """A value as a reader knows it, of `beta` for `one_minus_beta`."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return str(value)
    if _is_one_minus(name, parameter):
        return _near_one(value)
    return canvas.short(value) if isinstance(value, float) else str(value)


def _dimension(table: TrialsTable, name: str, places: np.ndarray) -> Dimension:
    variants = table.parameters[name]
    parameter = variants[0]
    turned = _is_one_minus(name, parameter)
    ticks = _ticks(name, parameter) if len(variants) == 1 else ((0.0, "low"), (1.0, "high"))
    boxes = tuple(tuple(_sides(each.boxes, name)) for each in table.rounds)
    if turned:
        places = 1 - places
        ticks = tuple((1 - place, text) for place, text in reversed(ticks))
        boxes = tuple(tuple((1 - high, 1 - low) for low, high in sides) for sides in boxes)
    return Dimension(
        shown_name(name, parameter),
        places,
        ticks,
        _scale(name, parameter, variants),
        hasattr(parameter, "ordered") or type(parameter).__name__ == "Boolean",
        boxes if any(boxes) else (),
    )


def _sides(boxes: Iterable[Any], name: str) -> Iterable[tuple[float, float]]:
    for box in boxes:
        if name in box:
            low, high = box[name]
            yield float(low), float(high)


def _scale(name: str, parameter: Any, variants: Sequence[Any]) -> str:
    if len(variants) > 1:
        return "each condition on its own range"
    if _is_one_minus(name, parameter):
        return f"even in log(1 − {shown_name(name, parameter)})"[:34]
    return {"log": "log scale", "reverse_log": "reverse log scale"}.get(
        getattr(parameter, "sampling", ""), ""
    )


def _ticks(name: str, parameter: Any) -> tuple[tuple[float, str], ...]:
    values = _tick_values(parameter)
    return tuple(
        (float(parameter.value_to_prob(value)), shown_value(name, parameter, value))
        for value in values
    )


def _tick_values(parameter: Any) -> list[Any]:
    low = getattr(parameter, "min_value", None)
    if low is None:  # choices and booleans, in the order of their places
        return sorted(parameter.values, key=parameter.value_to_prob)
    high = parameter.max_value
    if parameter.step is not None:
        steps = list(parameter.values)
        if len(steps) <= _MOST_STEPS:
            return steps
        if parameter.sampling != "linear":
            return _evenly(steps)
        nice = [v for v in _nice(low, high, False) if (v - low) % parameter.step == 0]
        return nice if len(nice) > 2 else _evenly(steps)
    nice = _nice(low, high, parameter.sampling == "log")
    if isinstance(low, int):
        nice = [round(value) for value in nice]
    return nice if len(nice) > 1 else sorted({low, high})


def _evenly(values: Sequence[Any], count: int = 4) -> list[Any]:
    chosen = np.unique(np.linspace(0, len(values) - 1, count).round().astype(int))
    return [values[i] for i in chosen]


def _nice(low: float, high: float, log: bool) -> list[float]:
    """Round numbers between the two ends: whole decades where there are enough."""
    from matplotlib.ticker import MaxNLocator

    if not log:
        ticks = MaxNLocator(nbins=4, steps=[1, 2, 5, 10]).tick_values(low, high)
        return [float(round(tick, 12)) for tick in ticks if low <= tick <= high]
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1,), (1, 3), (1, 2, 5)):
        ticks = [f * 10.0**power for power in range(first, last + 1) for f in factors]
        inside = [tick for tick in ticks if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
        if len(inside) > 2:
            break
    return inside if len(inside) > 1 else [low, high]


def _is_one_minus(name: str, parameter: Any) -> bool:
    """Whether it is what `one_minus_log` registers: a logarithmic number between 0 and 1."""
    last = name.rpartition("/")[2]  # within a name scope
    log = getattr(parameter, "sampling", "") == "log"
    return last.startswith(ONE_MINUS) and log and parameter.max_value <= 1


def _near_one(value: float) -> str:
    """`1 - value` with the digits that tell it from 1."""
    digits = max(2, 1 - math.floor(math.log10(value))) if 0 < value < 1 else 2
    return f"{1 - value:.{digits}f}".rstrip("0").rstrip(".")
