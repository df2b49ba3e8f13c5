"""A state in the shape of the page, made of what files of doubtful origin tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kerasrecipes.live.board import FORMAT, PARTS
from kerasrecipes.live.curve import MOST, Curve
from kerasrecipes.live.runs.run_file import number, part

FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {  # that an entry of a list must have
    "layers": {"name": str},
    "findings": {"code": str, "cause": str, "severity": str, "advice": str},
    "messages": {"text": str},
    "settings": {"name": str, "label": str, "scale": str},
    "saved_points": {"number": int},
    "nudges": {"name": str, "step": (int, float), "time": str},
}
RATES = ("learning_rate", "lr")
COSTS = ("loss", "cost", "train_cost", "dev_cost", "cost_without_penalty", "penalty")


def state_of(told: dict[str, Any]) -> dict[str, Any]:
    """The parts that are of the right kind, and what a new board has for the others.

    Entries of lists without what the page cannot do without are left out.

    Args:
        told: A state, as far as it is one.
    """
    state: dict[str, Any] = {"format": FORMAT, "version": number(told.get("version")) or 0}
    for name, usual in PARTS.items():
        value = told.get(name, usual)
        kinds = {"said": (str, type(None)), "bias_variance": (dict, type(None))}
        state[name] = value if isinstance(value, kinds.get(name, type(usual))) else usual
    for name, fields in FIELDS.items():
        state[name] = [each for each in state[name] if _has(each, fields)]
    curves = {name: _curve(curve) for name, curve in part(told, "curves").items()}
    return {**state, "curves": {name: curve for name, curve in curves.items() if curve is not None}}


def curve(name: str, points: Iterable[tuple[float, float]]) -> dict[str, Any] | None:
    """The curve of a metric, thinned to what a page shows; None if there are no points.

    Args:
        name: As Keras names it: `val_` before the one on the dev set.
        points: Steps and values.
    """
    group, which = group_of(name)
    thinned = Curve(group, which, MOST)
    for step, value in points:
        thinned.add(step, value)
    if not len(thinned):
        return None
    values = [None if value != value else value for value in thinned.values]
    return {"group": group, "part": which, "steps": list(thinned.steps), "values": values}


def group_of(name: str) -> tuple[str, str]:
    """The chart that a metric belongs to, and whether it is of train or dev."""
    base = name.removeprefix("val_")
    is_dev = base != name or name.startswith("dev_")
    group = "cost" if base in COSTS else f"metric:{base}"
    return ("learning_rate" if base in RATES else group), ("dev" if is_dev else "train")


def _has(entry: Any, fields: dict[str, Any]) -> bool:
    return all(isinstance(part(entry).get(name), kind) for name, kind in fields.items())


def _curve(told: Any) -> dict[str, Any] | None:
    steps, values = part(told).get("steps"), part(told).get("values")
    texts = {name: part(told).get(name) for name in ("group", "part")}
    if not isinstance(steps, list) or not isinstance(values, list) or len(steps) != len(values):
        return None
    if not all(isinstance(each, str) for each in texts.values()) or None in map(number, steps):
        return None
    return {**texts, "steps": steps, "values": [number(value) for value in values]}
