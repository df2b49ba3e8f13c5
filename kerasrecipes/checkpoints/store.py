"""The checkpoints of a run in one directory, never fewer than one whole one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from kerasrecipes.checkpoints import names
from kerasrecipes.checkpoints.checkpoint import (
    Checkpoint,
    Content,
    TornError,
    prepared,
    read_checkpoint,
    read_manifest,
    require_whole,
    write_checkpoint,
)
from kerasrecipes.checkpoints.errors import CheckpointError
from kerasrecipes.checkpoints.files import DISK_FULL, FILES, Files, remove_tree
from kerasrecipes.checkpoints.manifest import checked_about
from kerasrecipes.checkpoints.names import Name
from kerasrecipes.checkpoints.sink import warn_on_stderr

PINNED = "pinned"  # in `about`: never removed for being old


class Listed(NamedTuple):
    """A checkpoint as its manifest tells it.

    Attributes:
        number: It was saved under.
        created: When, in ISO 8601.
        about: What the program said of it.
    """

    number: int
    created: str
    about: dict[str, Any]


class CheckpointStore:
    """Saves the state of a run so that a kill or a full disk at any instant leaves a whole one.

    A checkpoint is a folder `checkpoint-000000123` with `arrays.npz`, `state.json` and
    `manifest.json`, which tells the sizes and SHA-256 of the others and of itself. It is written
    into a hidden folder, flushed to the disk, and renamed; then the older ones are removed. Use it
    from one process and thread at a time: hold a `DirectoryLock` of the directory.

    Args:
        directory: Path; made when something is saved.
        keep: Integer >= 1. How many checkpoints stay, beside those saved with `"pinned": True` in
            their `about`. Defaults to 2.
        sink: Called with one line for what was set aside or could not be removed. Defaults to
            `warn_on_stderr`.
        files: The file system; another one in tests.

    Raises:
        ValueError: If `keep` is no whole number >= 1.

    Example:
    >>> import tempfile
    >>> store = CheckpointStore(tempfile.mkdtemp())
    >>> store.save(3, {"weights": [1.5, 2.5]}, {"version": "1"}).name
    'checkpoint-000000003'
    >>> store.newest().state
    {'weights': [1.5, 2.5]}
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        keep: int = 2,
        *,
        sink: Callable[[str], None] = warn_on_stderr,
        files: Files = FILES,
    ) -> None:
        if type(keep) is not int or keep < 1:
            raise ValueError(
                "`keep` must be a whole number of at least 1, so that there is one to go on from. "
                f"Received: keep={keep!r}. Give 1 or more."
            )
        self.directory = Path(directory)
        self.keep, self.sink, self.files = keep, sink, files

    def save(self, number: int, state: Any, about: dict[str, Any]) -> Path:
        """Writes a checkpoint, and removes those beyond `keep` when it is in its place.

        On a full disk all but the newest whole one are removed, pinned ones too, and it is tried
        once more.

        Args:
            number: Integer >= 0, not below that of the newest checkpoint. If there is one of that
                number, this one takes its place.
            state: Tree of dict (str keys), list, tuple, None, bool, int, float, str, bytes, and
                NumPy arrays and scalars of any dtype without Python objects. It comes back with
                the same types and bits.
            about: Small dict of JSON values, which can be read without the arrays.

        Returns:
            The folder of the checkpoint.

        Raises:
            OSError: If it cannot be written; then nothing half-written stays, unless it cannot be
                removed, and the others are as before.
            TypeError: If something in `state` or `about` cannot be stored.
            ValueError: If `number` is below that of the newest, or `about` is not as JSON has it.
        """
        content, about = prepared(state), checked_about(about)
        name = self._next_name(number)
        self.files.make_folders(self.directory)
        self._remove_leftovers()
        try:
            path = self._write(name, content, about)
        except OSError as error:
            if error.errno not in DISK_FULL or not self._free():
                raise
            path = self._write(self._next_name(number), content, about)  # it may be there unflushed
        self._remove_older()
        return path

    def newest(self) -> Checkpoint | None:
        """Reads the newest whole checkpoint; torn ones that are newer are set aside and said.

        Returns:
            The checkpoint, or None if the directory is missing or holds none.

        Raises:
            CheckpointError: If there are torn ones and no whole one, or one of another format.
            OSError: If the system does not let them be read or renamed.
        """
        for name in names.found(self._names()):
            path = self.directory / str(name)
            try:
                return read_checkpoint(path, name.number, self.files)
            except TornError as error:
                aside = names.first_free(f"{names.CORRUPTED}{name}", self._names())
                self.files.rename(path, self.directory / aside)
                self.sink(f"`{path}` is corrupted: {error}. It was set aside as `{aside}`.")
        if torn := names.corrupted(self._names()):
            raise CheckpointError(
                f"`{self.directory}` holds no whole checkpoint, only corrupted ones "
                f"({', '.join(torn)}): put a whole one there, or move them away to begin anew."
            )
        return None

    def listed(self) -> list[Listed]:
        """The checkpoints, newest first, without their arrays; torn ones are left out.

        Raises:
            OSError: If the system does not let them be read.
        """
        found: dict[int, Listed] = {}
        for name in names.found(self._names()):
            with contextlib.suppress(TornError, CheckpointError):
                manifest = read_manifest(self.directory / str(name), name.number, self.files)
                told = Listed(name.number, manifest.created, manifest.about)
                found.setdefault(name.number, told)
        return list(found.values())

    def read(self, number: int) -> Checkpoint:
        """Reads the checkpoint of this number.

        Raises:
            CheckpointError: If there is none, or it is torn or of another format.
            OSError: If the system does not let it be read.
        """
        for name in names.found(self._names()):
            if name.number == number:
                try:
                    return read_checkpoint(self.directory / str(name), number, self.files)
                except TornError as error:
                    raise CheckpointError(
                        f"`{self.directory / str(name)}` is corrupted: {error}. Choose another."
                    ) from error
        raise CheckpointError(
            f"`{self.directory}` holds no checkpoint {number}: older ones are removed. Choose one "
            "of those that are there."
        )

    def set_aside(self) -> Path | None:
        """Moves all checkpoints, also corrupted ones, into a new folder of the directory.

        Returns:
            The folder, `set-aside`, `set-aside-2`, ...; None if there was nothing to move.

        Raises:
            OSError: If they cannot be moved.
        """
        there = self._names()
        moved = [*map(str, names.found(there)), *names.corrupted(there)]
        if not moved:
            return None
        folder = self.directory / names.first_free(names.SET_ASIDE, there)
        self.files.make_folder(folder)
        for name in moved:
            self.files.rename(self.directory / name, folder / name)
        self.files.sync_folder(self.directory)
        return folder

    def _names(self) -> list[str]:
        try:
            return self.files.names(self.directory)
        except FileNotFoundError:
            return []

    def _next_name(self, number: int) -> Name:
        if type(number) is not int or not 0 <= number < 10**18:
            raise ValueError(
                "`number` must be a whole number from 0 up to 18 digits, such as the steps done. "
                f"Received: number={number!r}."
            )
        newest = max(names.found(self._names()), default=Name(0, 0))
        if number < newest.number:
            raise ValueError(
                f"`number` must not be below that of the newest checkpoint, {newest.number}, which "
                f"would still count as the newest. Received: number={number}. Move the checkpoints "
                "away first (`set_aside`)."
            )
        return Name(number, newest.revision + 1 if number == newest.number else 1)

    def _write(self, name: Name, content: Content, about: dict[str, Any]) -> Path:
        path = self.directory / str(name)
        aside = self.directory / names.hidden(names.PARTIAL, name)
        try:
            write_checkpoint(aside, name.number, content, about, self.files)
            self.files.rename(aside, path)
        except BaseException:
            with contextlib.suppress(OSError):  # the first error is the one to tell
                remove_tree(aside, self.files)
            raise
        self.files.sync_folder(self.directory)
        return path

    def _remove_older(self) -> None:
        """Removes what the newest ones of each number leave beyond `keep`."""
        kept: dict[int, Name] = {}
        there = names.found(self._names())
        for name in there:
            if len(kept) < self.keep:
                kept.setdefault(name.number, name)
        older = (name for name in there if name not in kept.values())
        self._remove(name for name in older if name.number in kept or not self._is_pinned(name))

    def _free(self) -> bool:
        """Removes all that is older than the newest whole one; whether there was anything."""
        there = names.found(self._names())
        while there and not self._is_whole(there[0]):
            there = there[1:]
        return self._remove(there[1:]) > 0

    def _is_pinned(self, name: Name) -> bool:
        try:
            manifest = read_manifest(self.directory / str(name), name.number, self.files)
        except (TornError, CheckpointError, OSError):
            return False
        return manifest.about.get(PINNED) is True

    def _is_whole(self, name: Name) -> bool:
        try:
            require_whole(self.directory / str(name), name.number, self.files)
        except (TornError, OSError):
            return False
        return True

    def _remove(self, unwanted: Iterable[Name]) -> int:
        """Removes checkpoints, renamed first so that a kill leaves no torn one; how many."""
        removed = 0
        for name in unwanted:
            path = self.directory / str(name)
            aside = self.directory / names.hidden(names.REMOVED, name)
            try:
                self.files.rename(path, aside)
                remove_tree(aside, self.files)
                removed += 1
            except OSError as error:
                self.sink(
                    f"warning: `{path}` cannot be removed ({error.strerror or error}): it is tried "
                    "again with the next checkpoint."
                )
        return removed

    def _remove_leftovers(self) -> None:
        """Removes what killed processes left; what cannot be removed now may be so later."""
        for name in names.leftovers(self._names()):
            with contextlib.suppress(OSError):
                remove_tree(self.directory / name, self.files)
