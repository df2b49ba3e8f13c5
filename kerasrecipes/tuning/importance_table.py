"""The table of `importance`: shares with their intervals, and what to be careful about."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from kerasrecipes.tuning.trials_table import TrialsTable

Z = 1.96  # of a 95 % interval
MEANINGLESS, ROUGH = 0.1, 0.5
FEW_TRIALS_EACH = 5  # trials for each hyperparameter


class Share(NamedTuple):
    """The share of one hyperparameter, or of a pair `a × b`; fractions of the variance.

    Example:
        >>> share = Share("learning_rate", 0.7, 0.05)
        >>> round(share.low, 3), round(share.high, 3)
        (0.602, 0.798)
    """

    name: str
    importance: float
    standard_error: float

    @property
    def low(self) -> float:
        """The lower end of the 95 % interval, 0 at least."""
        return max(0.0, self.importance - Z * self.standard_error)

    @property
    def high(self) -> float:
        """The upper end of the 95 % interval, 1 at most, unless the share itself is above."""
        return min(max(1.0, self.importance), self.importance + Z * self.standard_error)


@dataclass(frozen=True)
class Importance:
    """Which hyperparameters made the difference.

    Attributes:
        rows: A `Share` for each hyperparameter, the most important first.
        interactions: A `Share` for each of the strongest pairs, beyond what each does alone.
        explained: The share of the variance that the forest predicts out of bag; below 0.1 the
            shares mean nothing.
        trials: How many trials it stands on.
        objective: The name of the objective.
        method: `"fanova"` or `"permutation"`.
        by_rank: Whether the ranks of the scores were taken apart instead of the scores.
        notes: What to be careful about, one sentence each.
    """

    rows: tuple[Share, ...]
    interactions: tuple[Share, ...]
    explained: float
    trials: int
    objective: str
    method: str
    by_rank: bool
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        table: TrialsTable,
        rows: Sequence[Share],
        interactions: Sequence[Share],
        *,
        method: str,
        explained: float,
        by_rank: bool,
        chosen: bool,
        why_not: str,
    ) -> Importance:
        """The table, its rows in order and with its notes."""
        ordered = tuple(sorted(rows, key=lambda row: -row.importance)) if not why_not else (*rows,)
        notes = [f"No shares: {why_not}."] if why_not else _notes(table, explained)
        if by_rank and chosen and not why_not:
            notes.append(
                "A few trials lie so far from the others that they would make most of the "
                "variance: the ranks of the scores were taken apart instead."
            )
        if table.left_out:
            notes.append(f"Left out: {table.left_out_in_words}.")
        return cls(
            ordered,
            tuple(interactions),
            explained,
            len(table.scores),
            table.objective,
            method,
            by_rank,
            tuple(notes),
        )

    @property
    def meaningful(self) -> bool:
        """Whether the forest predicts trials that it has not seen, at least a little."""
        return self.explained >= MEANINGLESS

    def __str__(self) -> str:
        if not self.rows:
            return "\n".join([self._heading, *(f"  {note}" for note in self.notes)])
        shown = (*self.rows, *self.interactions)
        width = min(40, max(len(share.name) for share in shown))
        lines = [self._heading, *(_line(share, width) for share in self.rows)]
        if self.interactions:
            lines += ["  together, beyond each alone:"]
            lines += [_line(share, width) for share in self.interactions]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    def to_dict(self) -> dict[str, Any]:
        """The table as plain values that JSON can hold; what is not known is None.

        Returns:
            Dict with the keys of the attributes; shares are dicts too, with their intervals.
        """
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain["rows"] = [_as_dict(share) for share in self.rows]
        plain["interactions"] = [_as_dict(share) for share in self.interactions]
        plain["explained"] = _known(self.explained)
        return {**plain, "notes": list(self.notes)}

    @property
    def _heading(self) -> str:
        what = f"the ranks of {self.objective}" if self.by_rank else self.objective
        told = f"Importance for {what}, {self.trials} trial{'s' * (self.trials != 1)}"
        if math.isnan(self.explained):
            return told
        return f"{told}; the forest predicts {max(0.0, self.explained):.0%} of the variance unseen"


def _notes(table: TrialsTable, explained: float) -> list[str]:
    notes = []
    if explained < MEANINGLESS:
        notes.append(
            "These shares mean nothing: the forest predicts unseen trials hardly better than their "
            "mean. The differences are noise, or there are too few trials."
        )
    elif explained < ROUGH:
        notes.append("A rough picture: most of the variance is noise, or needs more trials.")
    enough = FEW_TRIALS_EACH * len(table.names)
    if len(table.scores) < enough:
        notes.append(
            f"Few trials: {len(table.scores)} for {len(table.names)} hyperparameters; weak effects "
            f"are not seen below about {enough}."
        )
    return notes


def _line(share: Share, width: int) -> str:
    name = " ".join(share.name.split())
    name = name if len(name) <= width else name[: width - 1] + "…"
    if math.isnan(share.importance):
        return f"  {name:<{width}}      –"
    told = f"  {name:<{width}}  {share.importance:5.1%}"
    if math.isnan(share.standard_error):
        return told
    return f"{told}  ({share.low:.1%} to {share.high:.1%})"


def _as_dict(share: Share) -> dict[str, Any]:
    numbers = {
        name: getattr(share, name) for name in ("importance", "standard_error", "low", "high")
    }
    return {"name": share.name, **{name: _known(value) for name, value in numbers.items()}}


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
