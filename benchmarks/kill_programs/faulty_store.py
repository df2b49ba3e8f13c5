"""A store whose saves fail at one operation after the other, looked at after each."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasrecipes.checkpoints import CheckpointStore
from kill_programs.ends import facts
from tests.checkpoints.faulty_files import FaultyFiles, Killed

WAIT_SECONDS = 20.0


class Lasting(FaultyFiles):
    """Fails at an operation and at all that follow."""

    def fails(self) -> bool:
        """From there on, always."""
        return self.at is not None and len(self.done) > self.at


class Dying(FaultyFiles):
    """Ends this process there, by SIGKILL."""

    def strike(self) -> None:
        """Does not return."""
        os.kill(os.getpid(), signal.SIGKILL)


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


FAULTS: dict[str, Callable[[int], FaultyFiles]] = {
    "dies there": lambda at: FaultyFiles(at, Killed()),
    "ENOSPC": lambda at: FaultyFiles(at, _error(errno.ENOSPC)),
    "EIO": lambda at: FaultyFiles(at, _error(errno.EIO)),
    "EIO from there on": lambda at: Lasting(at, _error(errno.EIO)),
}


class FaultyStore(CheckpointStore):
    """Fails at operation 0 of the first save, at operation 1 of the second, and so on.

    After each save the directory must hold, as the newest, the state of this save or, if it has
    failed, the newest one before, to the bit and without anything torn. A save that dies is left as
    it is, for the next one to find, as a process started anew would.

    Args:
        directory: Of the checkpoints.
        files: Takes the number of the operation, makes the file system; None for no faults.

    Attributes:
        struck: Faults by the name of the operation.
        wrong: What was not as it must be.
        saved: The SHA-256 of each state that was handed over, by its number.
        operations: Names of those of the last save.
        is_through: Whether a save has had fewer operations than were to fail by then.
    """

    def __init__(self, directory: Path, files: Callable[[int], FaultyFiles] | None = None) -> None:
        super().__init__(directory, sink=lambda line: None)
        self._make, self._clean = files, self.files
        self.struck: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.saved: dict[int, str] = {}
        self.operations: list[str] = []
        self.is_through = False
        self._newest, self._at, self._ended = 0, 0, threading.Event()

    def was_put(self, number: int, state: Any) -> None:
        """Waits until this state was written or not, so that none takes the place of another."""
        self.saved[number] = digest(state)
        if not self._ended.wait(WAIT_SECONDS):
            self.wrong.append(f"save {number} has not ended")
        self._ended.clear()

    def save(self, number: int, state: Any, about: dict[str, Any]) -> Path:
        """Fails where it is due, and looks at what is there then."""
        self.files = watched = FaultyFiles() if self._make is None else self._make(self._at)
        raised: BaseException | None = None
        path = self.directory
        try:
            path = super().save(number, state, about)
        except (OSError, Killed) as error:
            raised = error
        self.files = self._clean
        self.operations = [name for name, _ in watched.done]
        if watched.at is not None and watched.at < len(self.operations):
            self.struck[self.operations[watched.at]] += 1
            self._at += 1
        elif watched.at is not None:
            self.is_through = True
        self.saved.setdefault(number, digest(state))
        self._look(number, raised)
        self._ended.set()
        if isinstance(raised, OSError):
            raise raised
        return path

    def _look(self, number: int, raised: BaseException | None) -> None:
        said: list[str] = []
        found = CheckpointStore(self.directory, sink=said.append).newest()
        newest = 0 if found is None else found.number
        if said or newest not in ({number} if raised is None else {number, self._newest}):
            self.wrong.append(f"save {number}, {raised!r}: newest {newest}, said {said}")
        elif found is not None and digest(found.state) != self.saved[newest]:
            self.wrong.append(f"save {number}, {raised!r}: another state than was saved")
        self._newest = newest

    def write_findings(self, path: Path) -> None:
        """What it has seen, as JSON."""
        parts = ("struck", "wrong", "saved", "operations", "is_through")
        path.write_text(json.dumps({name: getattr(self, name) for name in parts}))


def digest(state: dict[str, Any]) -> str:
    """Of all that a training goes on from; `course` tells of its processes too."""
    kept = {name: part for name, part in state.items() if name != "course"}
    return hashlib.sha256(json.dumps(facts(kept), sort_keys=True).encode()).hexdigest()
