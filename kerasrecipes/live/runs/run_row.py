"""One line of the table of runs."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

Kind = Literal["fit", "recipe", "search", "trial"]
LIVE = ("running", "paused")


@dataclasses.dataclass(frozen=True)
class RunRow:
    """A run as the table shows it.

    Attributes:
        id: Made of its place below the directory of runs.
        title: For people.
        kind: `"fit"`, `"recipe"`, `"search"` or `"trial"`.
        parent: `id` of the run that it is part of.
        status: As the state of a fit has it; `"lost"` if it should be running and is not,
            `"broken"` if its files cannot be read.
        said: Why it is as it is, in one line.
        started, updated: In ISO 8601.
        epoch, epochs: The one it is in or ended with, or how many are done; and planned.
        metrics, settings: Numbers, and plain values, by name.
        address: Of its own page while it runs on this machine.
        nudges: How many there were.
    """

    id: str
    title: str
    kind: Kind
    status: str
    parent: str | None = None
    said: str | None = None
    started: str | None = None
    updated: str | None = None
    epoch: float | int | None = None
    epochs: float | int | None = None
    metrics: dict[str, Any] = dataclasses.field(default_factory=dict)
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    address: str | None = None
    nudges: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
