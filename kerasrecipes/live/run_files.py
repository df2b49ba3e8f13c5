"""The files of a watched fit in its run directory."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasrecipes.checkpoints import whole_file, write_text
from kerasrecipes.checkpoints.holder import Holder
from kerasrecipes.checkpoints.names import first_free
from kerasrecipes.live.nudge import Nudge, write_nudges

STATE, LIVE, NUDGES, HISTORY = "state.json", "live.json", "nudges.json", "history.csv"
FORMAT = 1
EVERY_SECONDS = 2.0
SHARE = 0.005  # of the time, to spend on writing the state


class RunFiles:
    """Keeps a run directory up to date, in a thread of its own: a slow disk never holds up a fit.

    ```
    state.json    the state that the page shows, rewritten every 2 s or more
    live.json     while it runs: the process, and the address of its page with the token (0600)
    nudges.json   the nudges so far, which can be replayed
    history.csv   a row an epoch, with the nudges in it
    ```

    Each is whole at any instant. A directory that somebody removed is made anew. Writing the state
    takes at most 0.5 % of the time. What cannot be written is said once, and tried again.

    Args:
        directory: Made when something is written. Files of an earlier run in it are moved into
            `earlier`, `earlier-2`, ..., unless that run goes on.
        snapshot: Gives the state.
        sink: Called with a line where something cannot be written.

    Attributes:
        rows: Of `history.csv`, an epoch each; to be added to.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        snapshot: Callable[[], Mapping[str, Any]],
        sink: Callable[[str], Any],
    ) -> None:
        self.directory = Path(directory).absolute()
        self.rows: list[Mapping[str, Any]] = []
        self._snapshot, self._sink = snapshot, sink
        self._changed = threading.Condition()
        self._todo: dict[str, Callable[[], Any]] = {}
        self._begin: Callable[[], Any] | None = None
        self._run_id = ""
        self._address: str | None = None
        self._nudges: tuple[Nudge, ...] = ()
        self._is_ending = self._is_failing = self._is_begun = False
        self._next_state = 0.0
        self._thread: threading.Thread | None = None

    def begin(self, *, goes_on: bool, run: str, address: str | None) -> None:
        """Writes `live.json`, once it is known whether an earlier run goes on here.

        Args:
            goes_on: Whether the files in the directory are those of this run.
            run: What tells this run from others. The directory is of the one that began last.
            address: Of the page.
        """
        if not self._is_begun:
            self._is_begun, self._run_id, self._address = True, run, address
            self._begin = lambda: self._make(goes_on, address)
            self.put_state()

    def put_state(self) -> None:
        """Rewrites the state and the rows of the epochs, if it is time to."""
        if time.monotonic() >= self._next_state and STATE not in self._todo:
            self._put(STATE, self._write_state)

    def put_nudges(self, nudges: Iterable[Nudge]) -> None:
        """Rewrites the nudges."""
        self._nudges = tuple(nudges)
        self._put(NUDGES, self._write_nudges)

    def end(self) -> None:
        """Writes the last state, removes `live.json`, and waits until that is done or cannot be."""
        if not self._is_begun:
            return
        self._put(STATE, self._write_state)
        self._put(LIVE, self._remove_live)
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _put(self, name: str, write: Callable[[], Any]) -> None:
        with self._changed:
            self._todo[name] = write
            if self._thread is None or not self._thread.is_alive():
                self._is_ending = False
                self._thread = threading.Thread(target=self._run, name="run files", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _run(self) -> None:
        while (write := self._next()) is not None:
            try:
                if self._begin is not None:
                    self._begin()
                    self._begin = None
                elif not self.directory.exists():  # removed meanwhile
                    self._make(True, self._address)
                    self._write_nudges()
                if self._is_of_this_run():
                    write()
            except OSError as error:
                self._say_failing(error)
            else:
                self._is_failing = False

    def _next(self) -> Callable[[], Any] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._todo or self._is_ending)
            name = next(iter(self._todo), None)
            return self._todo.pop(name) if name is not None else None

    def _make(self, goes_on: bool, address: str | None) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        if not goes_on:
            self._set_earlier_aside()
        holder = Holder.this_process()
        told = {
            "format": FORMAT,
            "run": self._run_id,
            "pid": holder.pid,
            "machine": holder.host,
            "process_started": holder.started,
            "started": holder.since,
            "address": address,
        }
        with whole_file(self.directory / LIVE) as file:
            os.chmod(file.name, 0o600)  # while it is empty: it holds the token
            file.write(json.dumps(told, indent=1).encode("utf-8"))

    def _set_earlier_aside(self) -> None:
        there = [name for name in (STATE, NUDGES, HISTORY) if (self.directory / name).exists()]
        if there:
            folder = self.directory / first_free("earlier", os.listdir(self.directory))
            folder.mkdir()
            for name in there:
                os.replace(self.directory / name, folder / name)

    def _is_of_this_run(self) -> bool:
        """Whether no other one has begun in the directory, as after a fit that was broken off."""
        try:
            told = json.loads((self.directory / LIVE).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return True
        return not isinstance(told, dict) or told.get("run") == self._run_id

    def _write_nudges(self) -> None:
        if self._nudges:
            write_nudges(self._nudges, self.directory / NUDGES)

    def _remove_live(self) -> None:
        (self.directory / LIVE).unlink(missing_ok=True)

    def _write_state(self) -> None:
        began = time.monotonic()
        write_text(self.directory / STATE, json.dumps(self._snapshot(), allow_nan=False))
        if self.rows:
            write_text(self.directory / HISTORY, _as_csv(list(self.rows)))
        took = time.monotonic() - began
        self._next_state = time.monotonic() + max(EVERY_SECONDS, took / SHARE)

    def _say_failing(self, error: OSError) -> None:
        if not self._is_failing:
            self._is_failing = True
            self._sink(
                f"warning: `{self.directory}` cannot be written to ({error.strerror or error}): "
                "training goes on, and it is tried again."
            )


def _as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
