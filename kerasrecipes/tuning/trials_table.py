"""The trials of a search as plain arrays, in unit coordinates."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

# A value may lie beside its range by rounding alone.
SLACK = 1e-9
OUTSIDE, NOT_FINITE = "a value outside the space", "score not finite"


class NoTrialsError(ValueError):
    """A search in which no trial has been completed: there is nothing to look at yet."""


@dataclass(frozen=True)
class TrialsTable:
    """The completed trials of a search, in the order in which they ended.

    Attributes:
        names: Hyperparameters, each once, in the order of the space; `Fixed` ones are left out.
        units: Array `(trials, names)`: the place of each value on its own scale, 0 to 1, by
            keras-tuner's `value_to_prob`; NaN where the hyperparameter was not active.
        values: For each trial the values of its active hyperparameters.
        scores: Array `(trials,)`, as keras-tuner has them.
        started: Array `(trials,)`: the place of each trial in the order of starts, from 0.
        trial_ids: keras-tuner's names of the trials.
        objective: Its name.
        direction: `"min"` or `"max"`.
        parameters: keras-tuner's hyperparameters by name: more than one where the same name stands
            under different conditions.
        left_out: How many trials are not in the table, by reason.
        rounds: The rounds of a coarse-to-fine search, empty for others.
    """

    names: tuple[str, ...]
    units: np.ndarray
    values: tuple[Mapping[str, Any], ...]
    scores: np.ndarray
    started: np.ndarray
    trial_ids: tuple[str, ...]
    objective: str
    direction: Literal["min", "max"]
    parameters: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    rounds: Sequence[Any] = ()

    @property
    def costs(self) -> np.ndarray:
        """The scores turned so that lower is better."""
        return -self.scores if self.direction == "max" else self.scores

    @property
    def best(self) -> int:
        """The row of the best trial, the first of equals."""
        return int(np.argmin(self.costs))

    @property
    def left_out_in_words(self) -> str:
        """What is not in the table and why, empty if nothing."""
        return ", ".join(f"{count} ({reason})" for reason, count in self.left_out.items())


def trials_table(tuner: Any) -> TrialsTable:
    """Reads the completed trials of a tuner or an oracle.

    Args:
        tuner: A `keras_tuner.Tuner`, live or reloaded, or a `keras_tuner.Oracle`.

    Returns:
        The `TrialsTable`.

    Raises:
        TypeError: If `tuner` holds no trials.
        NoTrialsError: If no trial has been completed with a finite score.

    Example:
        >>> import keras_tuner
        >>> oracle = keras_tuner.oracles.RandomSearchOracle("val_loss", max_trials=3)
        >>> trials_table(oracle)
        Traceback (most recent call last):
        ...
        kerasrecipes.tuning.trials_table.NoTrialsError: `tuner` has no completed trial with a
        finite score, so there is nothing to look at. Received: no trials at all. Run `search`
        first, or reload the tuner with the same `directory` and `project_name`, `overwrite=False`.
    """
    oracle = _oracle_of(tuner)
    parameters = _parameters(oracle.hyperparameters)
    places = {trial_id: place for place, trial_id in enumerate(oracle.start_order)}
    rows, left_out = [], Counter[str]()
    for trial in sorted(oracle.trials.values(), key=_by_end(oracle.end_order, places)):
        units = _units(trial.hyperparameters.values, parameters)
        reason = _why_left_out(trial, units)
        if reason:
            left_out[reason] += 1
        else:
            rows.append((trial, units, places.get(trial.trial_id, len(places))))
    if not rows:
        received = ", ".join(f"{count} ({reason})" for reason, count in left_out.items())
        raise NoTrialsError(
            "`tuner` has no completed trial with a finite score, so there is nothing to look at. "
            f"Received: {received or 'no trials at all'}. Run `search` first, or reload the tuner "
            "with the same `directory` and `project_name`, `overwrite=False`."
        )
    return TrialsTable(
        names=tuple(parameters),
        units=np.array([units for _, units, _ in rows]).reshape(len(rows), len(parameters)),
        values=tuple(_active(trial.hyperparameters.values, parameters) for trial, _, _ in rows),
        scores=np.array([float(trial.score) for trial, _, _ in rows]),
        started=np.array([place for *_, place in rows]),
        trial_ids=tuple(str(trial.trial_id) for trial, *_ in rows),
        objective=_objective_name(oracle.objective),
        direction=oracle.objective.direction,
        parameters=parameters,
        left_out=dict(left_out),
        rounds=_rounds(oracle),
    )


def _oracle_of(tuner: Any) -> Any:
    oracle = getattr(tuner, "oracle", tuner)
    needed = ("trials", "hyperparameters", "objective", "start_order", "end_order")
    # On a worker, keras-tuner's stand-in for the oracle of the chief refuses what it cannot ask.
    if not all(hasattr(oracle, name) for name in needed):
        raise TypeError(
            "`tuner` must be a keras_tuner.Tuner or Oracle that holds the trials; on a worker they "
            f"are with the chief. Received: tuner of type {type(tuner).__name__}. Pass the "
            "chief's tuner, or make one on the search's `directory` with `overwrite=False`."
        )
    return oracle


def _rounds(oracle: Any) -> tuple[Any, ...]:
    """The rounds of a search from coarse to fine; what others call so is something else."""
    rounds = getattr(oracle, "rounds", ())
    is_sequence = isinstance(rounds, Sequence) and not isinstance(rounds, str)
    found = tuple(rounds) if is_sequence else ()
    return found if all(hasattr(each, "first_trial") for each in found) else ()


def _parameters(hyperparameters: Any) -> dict[str, list[Any]]:
    """The hyperparameters that can vary, by name."""
    found: dict[str, list[Any]] = {}
    for parameter in hyperparameters.space:
        if type(parameter).__name__ != "Fixed":
            found.setdefault(parameter.name, []).append(parameter)
    return found


def _by_end(end_order: Sequence[str], places: Mapping[str, int]) -> Any:
    """Trials in the order in which they ended, then, as they started, those that have not."""
    ends = {trial_id: place for place, trial_id in enumerate(end_order)}
    last = len(ends)
    return lambda trial: (ends.get(trial.trial_id, last), places.get(trial.trial_id, last))


def _why_left_out(trial: Any, units: list[float]) -> str:
    if trial.status != "COMPLETED":
        return str(trial.status).lower()
    if trial.score is None or not math.isfinite(trial.score):
        return NOT_FINITE
    return OUTSIDE if any(math.isinf(unit) for unit in units) else ""


def _active(values: Mapping[str, Any], parameters: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    return {
        name: values[name]
        for name, variants in parameters.items()
        if name in values and any(_is_active(variant, values) for variant in variants)
    }


def _is_active(parameter: Any, values: Mapping[str, Any]) -> bool:
    return all(condition.is_active(values) for condition in parameter.conditions)


def _units(values: Mapping[str, Any], parameters: Mapping[str, Sequence[Any]]) -> list[float]:
    """The coordinates: NaN where not active, infinite where the value is outside the space."""
    units = []
    for name, variants in parameters.items():
        active = [variant for variant in variants if _is_active(variant, values)]
        units.append(_unit(active[0], values[name]) if active and name in values else math.nan)
    return units


def _unit(parameter: Any, value: Any) -> float:
    try:
        unit = float(parameter.value_to_prob(value))
    except (ValueError, TypeError):  # no such choice, or the logarithm of what is not positive
        return math.inf
    return min(max(unit, 0.0), 1.0) if -SLACK <= unit <= 1 + SLACK else math.inf


def _objective_name(objective: Any) -> str:
    """The name; keras-tuner sums several objectives, those to be raised with a minus."""
    parts = getattr(objective, "objectives", None)
    if not parts:
        return str(objective.name)
    signs = [("− " if part.direction == "max" else "+ ") + part.name for part in parts]
    return " ".join(signs).removeprefix("+ ")
