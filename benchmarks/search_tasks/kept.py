"""Searches that were done: in a folder while they run, and in one file of the repository.

Methods that take seconds per trial need hours for all seeds. What they found depends on them and on
the tasks, not on the code of this library, so it need not be found again.
"""

from __future__ import annotations

import io
import re
import tarfile
from functools import cached_property
from pathlib import Path

import numpy as np

ARCHIVE = Path(__file__).with_name("courses.tar.xz")


class Kept:
    """Courses of searches by method, task, seed and budget.

    Args:
        folder: Where new ones go.
        archive: A file of older ones.
    """

    def __init__(self, folder: Path, archive: Path = ARCHIVE) -> None:
        self.folder, self.archive = folder, archive

    def has(self, name: str) -> bool:
        """Whether a search is there."""
        return name in self._older or (self.folder / name).exists()

    def load(self, name: str) -> np.ndarray:
        """The costs of a search, `(budget,)`."""
        content = self._older.get(name) or (self.folder / name).read_bytes()
        return np.load(io.BytesIO(content), allow_pickle=False)

    def save(self, name: str, course: np.ndarray) -> None:
        """Keeps a search in the folder, whole or not at all."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path.with_suffix(".part.npy"), course)
        path.with_suffix(".part.npy").replace(path)

    def pack(self, names: list[str]) -> None:
        """Writes those of these searches that are there into the archive, and nothing else."""
        contents = {name: self._content(name) for name in names if self.has(name)}
        with tarfile.open(self.archive, "w:xz") as archive:
            for name, content in sorted(contents.items()):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))

    def _content(self, name: str) -> bytes:
        return self._older.get(name) or (self.folder / name).read_bytes()

    @cached_property
    def _older(self) -> dict[str, bytes]:
        if not self.archive.is_file():
            return {}
        with tarfile.open(self.archive) as archive:
            members = [(member.name, archive.extractfile(member)) for member in archive]
            return {name: file.read() for name, file in members if file is not None}


def name_of(method: str, task: str, seed: int, budget: int) -> str:
    """The name of a search."""
    folder = re.sub(r"\W+", "_", task)
    return f"{method.replace(' ', '_')}/{folder}/seed{seed}_budget{budget}.npy"
