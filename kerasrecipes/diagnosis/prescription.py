"""What to change, by the evidence of retrainings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from kerasrecipes.data.plain import plain
from kerasrecipes.diagnosis.rules.trials import mending
from kerasrecipes.diagnosis.trace import Trace


@dataclass(frozen=True)
class Change:
    """One changed setting.

    Attributes:
        cause: As `Finding.cause`.
        line: The change as one line of code.
        settings: What is changed, by name; see `kerasrecipes.diagnosis.trials.Setup`.
        skill: What the program reached with it; `before` is what it reached without.
        before: See there.
    """

    cause: str
    line: str
    settings: Mapping[str, Any]
    skill: float
    before: float

    def to_dict(self) -> dict[str, Any]:
        """The change as plain values, ready for JSON."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}

    def __str__(self) -> str:
        return f"{self.line} ({self.cause}): {self.gain()}"

    def gain(self) -> str:
        """What it brought, in words."""
        after, before = (round(value, 2) + 0.0 for value in (self.skill, self.before))
        return f"skill {after:.2f}, not {before:.2f}"  # no minus in front of 0.00


def prescription(trace: Trace) -> tuple[Change, ...]:
    """The changes that mended the program, the best first.

    Trials of several changes at once are one change here; its line names those that it needs.
    """
    found: dict[str, Change] = {}
    for trial, before, after in sorted(mending(trace), key=lambda one: -one[2]):
        settings = dict(trial.settings)
        change = found.get(str(settings))
        if change is None:
            found[str(settings)] = Change(trial.cause, trial.line, settings, after, before)
        elif trial.without is not None and trial.line not in change.line:
            found[str(settings)] = replace(change, line=f"{change.line}; {trial.line}")
    return tuple(found.values())
