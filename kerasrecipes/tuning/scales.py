"""Where the hyperparameters of a space lie on [0, 1], each on its own scale."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras_tuner
import numpy as np

MOST_VALUES = 4096  # a hyperparameter with more values counts as continuous
RANDOM_DRAWS = 200  # before a space is taken to be exhausted
BELOW_ONE = 1 - 1e-9  # keras-tuner's coordinates are in [0, 1)
INACTIVE = 0.5  # where the surrogate sees a hyperparameter that is switched off
_FIXED = keras_tuner.engine.hyperparameters.Fixed
_CHOICE = keras_tuner.engine.hyperparameters.Choice
_BOOLEAN = keras_tuner.engine.hyperparameters.Boolean
_INT = keras_tuner.engine.hyperparameters.Int


class Scales:
    """The tunable hyperparameters of a space as coordinates on [0, 1].

    A coordinate is `hp.value_to_prob(value)`, keras-tuner's own, so a `sampling="log"` is even in
    the logarithm, and values in steps (powers of two, choices) are the centres of even buckets.
    Points are rows `(hyperparameters,)`; NaN says that a hyperparameter is not active.

    Args:
        space: Sequence of keras-tuner's `HyperParameter`, parents before children, as in
            `HyperParameters.space`.

    Attributes:
        size: Number of hyperparameters, fixed ones included.
        names: Names of the tunable hyperparameters, one for each column.
        unordered: Boolean array: columns whose values have no order.

    Example:
        >>> hp = keras_tuner.HyperParameters()
        >>> _ = hp.Float("rate", 1e-4, 1e-2, sampling="log"), hp.Int("units", 8, 64, 2, "log")
        >>> scales = Scales(hp.space)
        >>> scales.to_unit({"rate": 1e-3, "units": 64})
        array([0.5  , 0.875])
        >>> scales.to_values(np.array([0.5, 0.3]))
        {'rate': 0.001, 'units': 16}
    """

    def __init__(self, space: Sequence[Any]) -> None:
        self._space = list(space)
        self.size = len(self._space)
        self._tunable = [hp for hp in self._space if not isinstance(hp, _FIXED)]
        self.names = [hp.name for hp in self._tunable]
        self._centres = [_centres(hp) for hp in self._tunable]
        self.unordered = np.array([_is_unordered(hp) for hp in self._tunable], bool)
        self._column = {id(hp): i for i, hp in enumerate(self._tunable)}
        self._conditional = [hp for hp in self._tunable if hp.conditions]

    def __len__(self) -> int:
        return len(self._tunable)

    @property
    def counts(self) -> np.ndarray:
        """How many values each hyperparameter has; infinity where it is continuous."""
        return np.array([np.inf if c is None else len(c) for c in self._centres])

    def to_unit(self, values: Mapping[str, Any]) -> np.ndarray:
        """The row of a setting; NaN where it has no (known) value for a hyperparameter."""
        row = np.full(len(self), np.nan)
        for i, hp in enumerate(self._tunable):
            if hp.name in values and all(c.is_active(values) for c in hp.conditions):
                try:
                    row[i] = hp.value_to_prob(values[hp.name])
                except ValueError:  # a choice that the space no longer has
                    continue
        return self.snap(row[None])[0]

    def to_values(self, row: np.ndarray) -> dict[str, Any]:
        """The setting at a row, with the fixed values, and only what is active."""
        values: dict[str, Any] = {}
        for hp in self._space:
            if all(condition.is_active(values) for condition in hp.conditions):
                column = self._column.get(id(hp))
                unit = 0.5 if column is None else float(np.clip(row[column], 0.0, BELOW_ONE))
                values[hp.name] = hp.prob_to_value(unit)
        return values

    def snap(self, rows: np.ndarray) -> np.ndarray:
        """Rows moved to the nearest values that there are; NaN stays."""
        rows = np.clip(rows, 0.0, BELOW_ONE)
        for i, centres in enumerate(self._centres):
            if centres is not None:
                known = ~np.isnan(rows[:, i])
                rows[known, i] = centres[_nearest(centres, rows[known, i])]
        return rows

    def switch_off(self, rows: np.ndarray) -> np.ndarray:
        """Snapped rows with NaN in place of the hyperparameters that are not active."""
        rows = rows.copy()
        for hp in self._conditional:
            active = np.ones(len(rows), bool)
            for condition in hp.conditions:
                active &= self._holds(condition, rows)
            rows[~active, self._column[id(hp)]] = np.nan
        return rows

    def features(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What a distance is measured on: columns, and the hyperparameter that each belongs to.

        Two values of an unordered choice are all the same distance 1 apart.
        """
        columns, owners = [], []
        for i, centres in enumerate(self._centres):
            if self.unordered[i] and centres is not None:
                one_hot = np.abs(rows[:, i, None] - centres) < 0.25 / len(centres)
                columns.append(one_hot / np.sqrt(2))
                owners += [i] * len(centres)
            else:
                columns.append(np.where(np.isnan(rows[:, i]), INACTIVE, rows[:, i])[:, None])
                owners.append(i)
        return np.concatenate(columns, axis=1), np.array(owners)

    def first_untried(
        self, candidates: np.ndarray, tried: np.ndarray, rng: np.random.Generator, most: int
    ) -> np.ndarray | None:
        """The first candidate that is not among the rows tried, else a random one, else `None`.

        Where chance finds none, a space of at most `most` settings is gone through to the end.
        """
        known = {row.tobytes() for row in tried}
        chance = self.switch_off(self.snap(rng.random((RANDOM_DRAWS, len(self)))))
        for row in (*candidates, *chance):
            if row.tobytes() not in known:
                return row
        every = self.every_point(most)
        left = [] if every is None else [row for row in every if row.tobytes() not in known]
        return left[rng.integers(len(left))] if left else None

    def every_point(self, most: int) -> np.ndarray | None:
        """All distinct points, or `None` where there are more than `most` combinations."""
        if not np.prod(self.counts) <= most:
            return None
        mesh = np.meshgrid(*[c for c in self._centres if c is not None], indexing="ij")
        rows = np.stack([axis.ravel() for axis in mesh], axis=1)
        rows = self.switch_off(rows)
        _, first = np.unique(np.nan_to_num(rows, nan=-1.0), axis=0, return_index=True)
        return rows[np.sort(first)]

    def _holds(self, condition: Any, rows: np.ndarray) -> np.ndarray:
        holds = np.zeros(len(rows), bool)
        for hp in self._space:
            if hp.name != condition.name:
                continue
            column = self._column.get(id(hp))
            if column is None:
                holds |= hp.value in condition.values
                continue
            for unit in np.unique(rows[:, column]):
                if unit == unit and hp.prob_to_value(unit) in condition.values:
                    holds |= rows[:, column] == unit
        return holds


def _is_unordered(hp: Any) -> bool:
    return isinstance(hp, _BOOLEAN) or (isinstance(hp, _CHOICE) and not hp.ordered)


def _centres(hp: Any) -> np.ndarray | None:
    """The coordinates of all values, or `None` where they are too many to list."""
    if isinstance(hp, _CHOICE | _BOOLEAN):
        count = len(hp.values)
        return (np.arange(count) + 0.5) / count
    if hp.min_value == hp.max_value:
        return np.array([0.5])
    if hp.step is None:
        if not isinstance(hp, _INT) or hp.max_value - hp.min_value >= MOST_VALUES:
            return None
        values = range(hp.min_value, hp.max_value + 1)
        return np.sort([hp.value_to_prob(value) for value in values])
    if hp.sampling == "linear":
        count = int((hp.max_value - hp.min_value) // hp.step + 1)
    else:
        count = int(np.log(hp.max_value / hp.min_value) / np.log(hp.step) + 1e-8) + 1
    return None if count > MOST_VALUES else (np.arange(count) + 0.5) / count


def _nearest(centres: np.ndarray, units: np.ndarray) -> np.ndarray:
    return np.searchsorted((centres[1:] + centres[:-1]) / 2, units, side="right")
