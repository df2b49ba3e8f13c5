"""The directory of a run: made before the work, filled at the end, never left half-written."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType

from kerasrecipes.checkpoints import put_in_place
from kerasrecipes.data import DataError

ASIDE = ".unfinished-"
NEEDED_BYTES = 50 * 2**20  # a model, a report and room to write them aside


class RunDirectory:
    """Writes files aside and moves them into their place together, when all of them are whole.

    Args:
        path: The directory; made if missing, with its parents. Files of the same names in it are
            replaced on `commit`.

    Raises:
        DataError: On entering, if the directory cannot be written to or its disk is full.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._made: list[Path] = []
        self._aside: Path | None = None

    @classmethod
    def named_after(cls, data: str) -> RunDirectory:
        """`runs/<data>-<time>` in the current directory; a number more if that exists."""
        stem = Path("runs") / f"{data}-{time.strftime('%Y%m%d-%H%M%S')}"
        path, number = stem, 1
        while path.exists():
            number += 1
            path = stem.with_name(f"{stem.name}-{number}")
        return cls(path)

    def __enter__(self) -> RunDirectory:
        missing = [p for p in (self.path, *self.path.parents) if not p.exists()]
        try:
            for folder in reversed(missing):
                folder.mkdir()
                self._made.append(folder)
            self._aside = Path(tempfile.mkdtemp(prefix=ASIDE, dir=self.path))
        except OSError as error:
            self._remove_empty()
            reason = error.strerror or error
            raise DataError(
                f"`{self.path}` cannot be written to ({reason}): choose another directory with "
                "--out."
            ) from error
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_BYTES:
            self._clean()
            raise DataError(
                f"the disk of `{self.path}` has {free / 2**20:.0f} MiB free, and a run needs "
                f"{NEEDED_BYTES / 2**20:.0f}: free some, or choose another directory with --out."
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._clean()
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise DataError(
                f"`{self.path}` could not be written ({reason}); nothing was left there: free some "
                "space, or choose another directory with --out."
            ) from error

    def aside(self, name: str) -> Path:
        """Where to write the file `name` for now."""
        if self._aside is None:
            raise RuntimeError("The run directory must be entered before it is written to.")
        return self._aside / name

    def commit(self) -> None:
        """Moves all files into place; `result.json` last, so that it marks a whole run."""
        if self._aside is None:
            raise RuntimeError("The run directory must be entered before it is committed.")
        files = sorted(self._aside.iterdir(), key=lambda file: file.name == "result.json")
        for file in files:
            put_in_place(file, self.path / file.name)

    def remove_leftovers(self) -> None:
        """Removes what killed runs wrote aside here; nobody else may be writing meanwhile."""
        for folder in self.path.glob(f"{ASIDE}*"):
            if folder != self._aside:
                shutil.rmtree(folder, ignore_errors=True)

    def _clean(self) -> None:
        if self._aside is not None:
            shutil.rmtree(self._aside, ignore_errors=True)
            self._aside = None
        self._remove_empty()

    def _remove_empty(self) -> None:
        """Takes back the folders made on entering that hold nothing."""
        for folder in reversed(self._made):
            if folder.exists():  # else someone else has removed it
                if any(folder.iterdir()):
                    break
                folder.rmdir()
