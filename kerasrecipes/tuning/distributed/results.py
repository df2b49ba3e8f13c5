"""A sweep's trials as plain values, read from the files of its search."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple


class TrialRow(NamedTuple):
    """One trial.

    Attributes:
        trial_id: Its number.
        status: `RUNNING`, `COMPLETED`, `INVALID` (it waits for another try) or `FAILED`.
        score: The objective; None unless completed.
        hyperparameters: Its settings by name.
        message: The last line of what it failed with; None if it did not.
    """

    trial_id: str
    status: str
    score: float | None
    hyperparameters: dict[str, Any]
    message: str | None


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found.

    Attributes:
        project_dir: Directory of the search.
        objective: Its name.
        direction: `min` or `max`.
        trials: Every trial, by number.
        restarts: Processes that died and were started again.
        seconds: Time that it took.
    """

    project_dir: str
    objective: str
    direction: str
    trials: tuple[TrialRow, ...]
    restarts: int
    seconds: float

    @property
    def best(self) -> TrialRow | None:
        """The best completed trial; None if there is none."""
        return best_of(self.trials, self.direction)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON; what is not finite is None."""
        best = self.best
        plain = asdict(self) | {
            "trials": [_plain(row) for row in self.trials],
            "best": _plain(best) if best else None,
        }
        return plain | {"seconds": round(self.seconds, 3)}


def best_of(rows: tuple[TrialRow, ...], direction: str) -> TrialRow | None:
    """The best completed trial of some, the first of equals; None if there is none."""
    completed = [row for row in rows if row.status == "COMPLETED" and row.score is not None]
    sign = -1 if direction == "max" else 1
    return min(completed, key=lambda row: sign * (row.score or 0.0), default=None)


class TrialTable:
    """Reads the trial files of a directory again and again, each only when it has changed."""

    def __init__(self) -> None:
        self._rows: dict[Path, tuple[int, TrialRow]] = {}

    def read(self, project_dir: str | Path) -> tuple[TrialRow, ...]:
        """All trials of a directory, by number; files that cannot be read are left out."""
        rows = []
        for file in sorted(Path(project_dir).glob("trial_*/trial.json")):
            try:
                changed = file.stat().st_mtime_ns
                if self._rows.get(file, (None,))[0] != changed:
                    self._rows[file] = changed, _row(json.loads(file.read_text(encoding="utf-8")))
            except (OSError, ValueError, KeyError):  # being replaced, or corrupted
                continue
            rows.append(self._rows[file][1])
        return tuple(rows)


def _row(state: dict[str, Any]) -> TrialRow:
    message = (state["message"] or "").strip().splitlines()
    return TrialRow(
        state["trial_id"],
        state["status"],
        state["score"],
        state["hyperparameters"]["values"],
        message[-1] if message else None,
    )


def _plain(row: TrialRow) -> dict[str, Any]:
    score = row.score if row.score is not None and math.isfinite(row.score) else None
    return row._asdict() | {"score": score}
