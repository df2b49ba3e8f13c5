"""What a recipe has done so far, on disk: a killed one takes it from there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasrecipes.callbacks import Resume
from kerasrecipes.callbacks.run_facts import differences
from kerasrecipes.checkpoints import CheckpointError, DirectoryLock
from kerasrecipes.checkpoints.files import remove_tree
from kerasrecipes.checkpoints.names import first_free
from kerasrecipes.data import DataError
from kerasrecipes.recipe.kept_value import KeptValue
from kerasrecipes.recipe.settings import Settings

PREPARED, FINISHED, FIT = "prepared", "finished", "fit"


class TrainingJournal:
    """What is kept of one training: how it was prepared, where it is, and what it found.

    Args:
        directory: Of this training alone; None to keep nothing.
        say: Called with each message.
    """

    def __init__(self, directory: Path | None, say: Callable[[str], Any]) -> None:
        self.directory, self.say = directory, say

    def prepared(self, settings: Settings) -> dict[str, Any] | None:
        """What was found before the training began, or None."""
        return self._read(PREPARED, settings)

    def finished(self, settings: Settings) -> dict[str, Any] | None:
        """What the training has found, or None."""
        return self._read(FINISHED, settings)

    def is_finished(self) -> bool:
        """Whether the training has ended, as far as the names on the disk tell."""
        return self.directory is not None and self._kept(self.directory, FINISHED).is_there()

    def resume(self) -> Resume | None:
        """A callback by which the training goes on, where it was broken off."""
        if self.directory is None:
            return None
        return Resume(self.directory / FIT, on_mismatch="restart", sink=self.say)

    def prepare(self, settings: Settings, value: dict[str, Any]) -> None:
        """Keeps what was found before the training begins."""
        self._write(PREPARED, settings, value)

    def finish(self, settings: Settings, value: dict[str, Any]) -> None:
        """Keeps what the training has found, and removes what it went on from."""
        if self._write(FINISHED, settings, value) and self.directory is not None:
            for name in (PREPARED, FIT):
                with contextlib.suppress(OSError):  # it is not read any more
                    remove_tree(self.directory / name)

    def _read(self, name: str, settings: Settings) -> dict[str, Any] | None:
        if self.directory is None:
            return None
        value = self._kept(self.directory, name).read()
        if value is None or value["settings"] != settings.to_dict():
            return None  # of another training: with less time left the recipe chose otherwise
        return value["value"]

    def _write(self, name: str, settings: Settings, value: dict[str, Any]) -> bool:
        if self.directory is None:
            return False
        whole = {"settings": settings.to_dict(), "value": value}
        return self._kept(self.directory, name).write(whole)

    def _kept(self, directory: Path, name: str) -> KeptValue:
        return KeptValue(directory / name, self.say)


class Journal:
    """What is kept of all trainings of a recipe, by one process at a time.

    Use it in a `with` block.

    Args:
        directory: Made if missing; None to keep nothing.
        facts: What must be the same for a recipe to go on, as plain values.
        say: Called with each message.

    Raises:
        DataError: On entering, if another process is using the directory, or it holds the trainings
            of another recipe.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None,
        facts: dict[str, Any],
        say: Callable[[str], Any],
    ) -> None:
        self.directory = None if directory is None else Path(directory)
        self.facts, self.say = facts, say
        self._lock: DirectoryLock | None = None

    def __enter__(self) -> Journal:
        if self.directory is not None:
            self._lock = DirectoryLock(self.directory)
            try:
                self._lock.acquire()
                self._agree(self.directory)
            except CheckpointError as error:
                raise DataError(str(error)) from error
            except BaseException:
                self._lock.release()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def training(self, number: int, member: int = 0) -> TrainingJournal:
        """What is kept of one training.

        Args:
            number: Of the step, from 1.
            member: Of an ensemble, from 1; 0 for none.
        """
        if self.directory is None:
            return TrainingJournal(None, self.say)
        return TrainingJournal(self.directory / f"training-{number:03d}-{member}", self.say)

    def _agree(self, directory: Path) -> None:
        """Notes what the trainings are of, or refuses to go on with others."""
        kept = KeptValue(directory / "facts", self.say)
        before = kept.read()
        if before is None:
            self._set_aside(directory)
            kept.write(self.facts)
        elif different := differences(before, self.facts):
            raise DataError(
                f"`{directory}` holds the trainings of another recipe: {'; '.join(different)}. "
                "Restore what was, or begin anew in another directory."
            )

    def _set_aside(self, directory: Path) -> None:
        """Leaves trainings alone of which nothing tells what they are of."""
        for path in directory.glob("training-*"):
            aside = first_free(f"set-aside-{path.name}", os.listdir(directory))
            path.rename(directory / aside)
            self.say(f"`{path}` may be of another recipe: it was set aside as `{aside}`.")


def holds_training(directory: Path) -> bool:
    """Whether a training in the directory of a journal has come far enough to go on from."""
    names = (f"training-*/{name}/checkpoint-*" for name in (FINISHED, FIT))
    return any(path for name in names for path in directory.glob(name))
