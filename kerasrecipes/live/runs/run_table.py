"""The table of the runs below a directory, read again and again."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import math
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

from kerasrecipes.live.runs.find import Place, find
from kerasrecipes.live.runs.fit_run import fit_row, fit_state
from kerasrecipes.live.runs.life import Life, life_of_fit, life_of_recipe
from kerasrecipes.live.runs.recipe_run import recipe_row, recipe_state
from kerasrecipes.live.runs.run_file import BrokenRunError
from kerasrecipes.live.runs.run_row import LIVE, RunRow
from kerasrecipes.live.runs.search_run import LOST as SILENT
from kerasrecipes.live.runs.search_run import (
    SILENCE,
    search_row,
    search_state,
    trial_row,
    trial_state,
    with_trials,
)
from kerasrecipes.live.runs.state import state_of

FRESH = 1.0  # seconds for which a table that was read stands
ROWS = {"fit": fit_row, "recipe": recipe_row, "search": search_row, "trial": trial_row}
LIVES = {"fit": life_of_fit, "recipe": life_of_recipe}
STATES = {"fit": fit_state, "recipe": recipe_state, "trial": trial_state}


class RunTable:
    """Fits, runs of the recipe, searches and their trials below a directory.

    A file is read when it is new or has changed; what cannot be read is a row that says so.

    Args:
        directory: Where the runs lie, up to four folders deep; at most 2,000 of them.
        links: Whether rows have the addresses of live pages, with their tokens.

    Raises:
        NotADirectoryError: If it is no directory.

    Example:
        >>> import tempfile
        >>> RunTable(tempfile.mkdtemp()).read()
        ()
    """

    def __init__(self, directory: str | os.PathLike[str], *, links: bool = False) -> None:
        self.directory, self.links = Path(directory).resolve(), links
        if not self.directory.is_dir():
            raise NotADirectoryError(
                f"`directory` must be a directory with runs. Received: directory={directory!r}."
            )
        self._known: dict[Path, _Known] = {}
        self._rows: dict[str, tuple[Path, RunRow]] = {}
        self._read_at = -math.inf

    def read(self) -> tuple[RunRow, ...]:
        """All rows as they are now, each before those of its parts."""
        self._known = {place.path: self._look(place) for place in find(self.directory)}
        rows = [_now(known, self.links) for known in self._known.values()]
        trials: dict[str | None, list[RunRow]] = {}
        for row in rows:
            if row.kind == "trial":
                trials.setdefault(row.parent, []).append(row)
        rows = [
            dataclasses.replace(row, **with_trials(row, trials.get(row.id, ())))
            if row.kind == "search" and row.status != "broken"
            else row
            for row in rows
        ]
        self._rows = {row.id: (path, row) for path, row in zip(self._known, rows, strict=True)}
        self._read_at = time.monotonic()
        return tuple(rows)

    def state(self, run_id: str) -> dict[str, Any] | None:
        """The state of a run, in the shape of a fit's page; None if there is no such run.

        Args:
            run_id: Of its row.
        """
        if time.monotonic() - self._read_at > FRESH or run_id not in self._rows:
            self.read()
        if run_id not in self._rows:
            return None
        path, row = self._rows[run_id]
        state = {"progress": {"epoch": row.epoch, "epochs": row.epochs}}
        said = row.said
        if row.kind == "search":
            state |= search_state(each for _, each in self._rows.values() if each.parent == run_id)
        if row.status != "broken" and row.kind in STATES:
            try:
                state = STATES[row.kind](path)
            except BrokenRunError as error:  # since the table was read
                said = f"{error}."
        shown = {**state.get("run", {}), "id": run_id, "title": row.title, "read_only": True}
        return state_of({**state, "run": shown, "status": row.status, "said": said})

    def _look(self, place: Place) -> _Known:
        """What is known of a run, read again if its files have changed."""
        known = self._known.get(place.path)
        if known is not None and known.place == place:
            return known
        parent = None if place.parent is None else self._id(place.parent)
        updated = datetime.datetime.fromtimestamp(place.changed, datetime.UTC)
        fields: dict[str, Any] = {"updated": updated.isoformat(timespec="seconds")}
        try:
            told = ROWS[place.kind](place.path)
            fields |= {name: value for name, value in told.items() if value is not None}
        except BrokenRunError as error:
            fields |= {"title": place.path.name, "status": "broken", "said": f"{error}."}
        row = RunRow(id=self._id(place.path), kind=place.kind, parent=parent, **fields)
        is_live = row.status in LIVE and row.kind in LIVES
        return _Known(place, row, LIVES[row.kind](place.path) if is_live else None)

    def _id(self, path: Path) -> str:
        place = os.fsencode(path.relative_to(self.directory))
        return hashlib.sha256(place).hexdigest()[:16]


def _now(known: _Known, links: bool) -> RunRow:
    """The row with what changes by itself: whether who was at work is there still."""
    row = known.row
    if known.life is not None:
        if known.life.lasts:
            return dataclasses.replace(row, address=known.life.address if links else None)
        return dataclasses.replace(row, status="lost", said=row.said or known.life.lost)
    is_silent = time.time() - known.place.changed > SILENCE
    if row.kind == "trial" and row.status == "running" and is_silent:
        return dataclasses.replace(row, status="lost", said=row.said or SILENT)
    return row


class _Known(NamedTuple):
    """What was read of a run, and when."""

    place: Place
    row: RunRow
    life: Life | None
