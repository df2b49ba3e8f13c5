"""What a run that is not finished keeps in its directory, so that `--resume` goes on with it."""

from __future__ import annotations

import contextlib
import datetime
import os
import shlex
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from kerasrecipes.checkpoints import CheckpointError, DirectoryLock
from kerasrecipes.checkpoints.files import remove_tree
from kerasrecipes.checkpoints.preemption import Preempted, Preemption
from kerasrecipes.data import DataError
from kerasrecipes.recipe.finished_job import JobOptions
from kerasrecipes.recipe.journal import holds_training
from kerasrecipes.recipe.kept_value import KeptValue

NAME, OVER = ".progress", ".progress-over"


class UnfinishedRun:
    """The options of a run and its recipe's journal, in `.progress` of the run's directory.

    In a `with` block the run is this process's own. At its end `.progress` is removed if the run is
    over, or if it fails before there is a training that could go on; else it stays.

    Args:
        directory: Of the run.
        say: Called with each message.

    Attributes:
        resumed: When the run was gone on with, in ISO 8601.
        is_over: Whether nothing is left to go on with; to be set.
        preemption: Tells of a SIGTERM in the block.

    Raises:
        DataError: On entering, if another process is at work there.

    Example:
        >>> import tempfile
        >>> with UnfinishedRun(tempfile.mkdtemp()) as run:
        ...     run.begin(JobOptions("iris", seed=3))
        >>> UnfinishedRun(run.directory).options().seed
        3
    """

    def __init__(
        self, directory: str | os.PathLike[str], say: Callable[[str], Any] = lambda _: None
    ) -> None:
        self.directory, self.say = Path(directory), say
        self.resumed: list[str] = []
        self.is_over = False
        self.preemption = Preemption()
        self._path = self.directory / NAME
        self._kept = KeptValue(self._path / "run", say)
        self._lock = DirectoryLock(self._path)
        self._begun_in = Path.cwd()

    @property
    def journal(self) -> Path:
        """Where the recipe keeps what it has done."""
        return self._path / "recipe"

    def is_there(self) -> bool:
        """Whether the directory holds a run that is not finished."""
        return self._kept.is_there()

    def options(self) -> JobOptions:
        """What the run was asked for.

        Raises:
            DataError: If it cannot be read.
        """
        kept = self._kept.read() if self.is_there() else None
        if kept is None:
            raise DataError(
                f"`{self.directory}` holds no run to go on with: give the directory of one that "
                "was broken off, or begin one with `kerasrecipes run DATA --out DIR`."
            )
        self.resumed, self._begun_in = list(kept["resumed"]), Path(kept["begun_in"])
        return JobOptions(**kept["options"])

    def data(self, options: JobOptions) -> str:
        """The data set, its path as it is seen from here."""
        elsewhere = self._begun_in / options.data
        moved = self._begun_in != Path.cwd() and elsewhere.is_file()
        return str(elsewhere) if moved else options.data

    def begin(self, options: JobOptions) -> None:
        """Notes what the run is asked for; what was there of another one is removed."""
        self._remove_content()
        self._write(options)

    def go_on(self, options: JobOptions) -> None:
        """Notes that the run is gone on with now."""
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        self.resumed.append(now)
        self._write(options)

    def leave_if_asked(self) -> None:
        """Ends the program if SIGTERM has come.

        Raises:
            Preempted: With the exit status that means: start me again.
        """
        if self.preemption.asked:
            self.preemption.leave()

    def command(self) -> str:
        """What goes on with it."""
        return f"kerasrecipes run --resume {shlex.quote(str(self.directory))}"

    def __enter__(self) -> UnfinishedRun:
        try:
            self._lock.acquire()
        except CheckpointError as error:
            raise DataError(
                f"`{self.directory}` is in use: {self._lock.holder} is at work there. Wait for it "
                "or end it, or give another directory with --out."
            ) from error
        self.preemption.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.preemption.end()
        has_failed = error is not None and not isinstance(error, Preempted)
        if self.is_over or (has_failed and not self.resumed and not holds_training(self.journal)):
            self._remove()
        self._lock.release()

    def _write(self, options: JobOptions) -> None:
        self._kept.write(
            {
                "options": asdict(options),
                "begun_in": str(self._begun_in),
                "resumed": self.resumed,
            }
        )

    def _remove(self) -> None:
        """Removes `.progress`; a kill in the middle leaves none that looks like a run."""
        over = self.directory / OVER
        with contextlib.suppress(OSError):  # a file system that does not let it go
            if over.exists():
                remove_tree(over)
            os.replace(self._path, over)
            remove_tree(over)

    def _remove_content(self) -> None:
        for name in ("run", "recipe"):
            if (self._path / name).exists():
                remove_tree(self._path / name)
