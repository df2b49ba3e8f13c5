"""What somebody did to a running training, and when."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kerasrecipes.checkpoints import write_text
from kerasrecipes.live.setting import Value

ACTIONS = ("pause", "go_on", "save", "go_back", "stop_after_epoch", "stop")
FORMAT = 1
MOST_BYTES = 16 << 20  # of a file of nudges
MOST_NOTE = 500  # characters
_KINDS = {"step": int, "epoch": int, "time": str, "name": str, "note": str}


@dataclasses.dataclass(frozen=True)
class Nudge:
    """A setting moved, or an action.

    Attributes:
        step: Steps (batches) done in this fit when it took effect: the first step under it, from 0.
        epoch: The epoch, from 0.
        time: When, in ISO 8601 with the zone.
        name: Of the `Setting`, or one of `ACTIONS`.
        old, new: Before and after. Of `go_back` the step it left and the number of the saved point;
            None of the other actions.
        note: What whoever did it wrote beside it, at most 500 characters.
    """

    step: int
    epoch: int
    time: str
    name: str
    old: Value = None
    new: Value = None
    note: str = ""

    @property
    def is_action(self) -> bool:
        """Whether it is no setting that was moved."""
        return self.name in ACTIONS

    def __str__(self) -> str:
        what = self.name.replace("_", " ")
        if self.name == "go_back":
            what += f" to saved point {self.new}"
        elif not self.is_action:
            what += f" {_shown(self.old)} -> {_shown(self.new)}"
        return f"{what} ({self.note})" if self.note else what

    def to_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them."""
        return dataclasses.asdict(self)

    @classmethod
    def of_dict(cls, values: Any) -> Nudge:
        """What `to_dict` returned, from a file that somebody may have written by hand.

        Raises:
            ValueError: If something is missing, of another kind, or too much.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        if not isinstance(values, Mapping) or not set(values) <= set(names):
            raise ValueError(f"a nudge must have the fields {', '.join(names)}. Got: {values!r}.")
        for name, kind in _KINDS.items():
            value: Any = values.get(name, "" if name == "note" else None)
            if type(value) is not kind or (type(value) is int and value < 0):
                raise ValueError(
                    f"`{name}` of a nudge must be {_KIND_NAMES[kind]}. Got: {value!r}."
                )
        for name in ("old", "new"):
            if not isinstance(values.get(name), (int, float, type(None))):
                raise ValueError(f"`{name}` of a nudge must be a number. Got: {values[name]!r}.")
        return cls(**values)


_KIND_NAMES = {int: "a whole number >= 0", str: "text"}


def write_nudges(nudges: Iterable[Nudge], path: str | os.PathLike[str]) -> Path:
    """Writes them as JSON, whole or not at all, to be replayed.

    Raises:
        OSError: If the file cannot be written.
    """
    content = {"format": FORMAT, "nudges": [nudge.to_dict() for nudge in nudges]}
    return write_text(path, json.dumps(content, indent=1) + "\n")


def read_nudges(path: str | os.PathLike[str]) -> tuple[Nudge, ...]:
    """Reads what `write_nudges` wrote, in the order of their steps.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is no file of nudges, with what is wrong.
    """
    path = Path(path)
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"`{path}` must be a file of nudges, and has over {MOST_BYTES:,} bytes.")
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']!r}, and known is {FORMAT}")
        nudges = [Nudge.of_dict(each) for each in content["nudges"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"`{path}` must be a file of nudges: {error}") from error
    return tuple(sorted(nudges, key=lambda nudge: nudge.step))


def _shown(value: Value) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "on", False: "off"}[value]
    return f"{value:.4g}"
