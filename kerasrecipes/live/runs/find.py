"""Where runs lie below a directory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kerasrecipes.live.runs.run_row import Kind

DEPTH = 4  # folders below the directory
MOST_RUNS = 2000
MOST_FOLDERS = 20_000
MOST_ENTRIES = 10_000  # of one folder
UNFINISHED = ".progress"  # folder in that of a run of the recipe that is not finished
MARKS: tuple[tuple[str, Kind], ...] = (
    ("state.json", "fit"),
    ("live.json", "fit"),  # begun, and nothing told yet
    ("result.json", "recipe"),
    (UNFINISHED, "recipe"),
    ("oracle.json", "search"),
    ("trial.json", "trial"),
)
CHECKPOINT = "manifest.json"  # a folder with it is no run, though it has a state.json
READ = frozenset({*(name for name, _ in MARKS), "history.csv", CHECKPOINT})


class Place(NamedTuple):
    """A folder with a run.

    Attributes:
        path: The folder.
        kind: Of the run.
        parent: Folder of the run around it.
        signature: Changes with each of its files.
        changed: When the newest of them was, in seconds since 1970.
    """

    path: Path
    kind: Kind
    parent: Path | None
    signature: tuple[tuple[str, int, int, int], ...]
    changed: float


def find(directory: Path) -> Iterator[Place]:
    """The runs below a directory, each before those in it; links and hidden folders are left out.

    Args:
        directory: Where to look; it may be a run itself.
    """
    waiting: list[tuple[Path, int, Path | None]] = [(directory, 0, None)]
    folders = runs = 0
    while waiting and folders < MOST_FOLDERS and runs < MOST_RUNS:
        path, depth, parent = waiting.pop()
        folders += 1
        inner, files = _entries(path)
        if CHECKPOINT in files:
            continue
        place = _place(path, parent, files)
        if place is not None:
            runs += 1
            parent = path
            yield place
        if depth < DEPTH:
            waiting += [(path / name, depth + 1, parent) for name in sorted(inner, reverse=True)]


def _entries(path: Path) -> tuple[list[str], dict[str, os.stat_result]]:
    """The folders in a folder, and what marks runs; nothing if it cannot be read."""
    inner, files = [], {}
    with contextlib.suppress(OSError), os.scandir(path) as entries:
        for count, entry in enumerate(entries):
            if count >= MOST_ENTRIES:
                break
            is_folder = entry.is_dir(follow_symlinks=False)
            is_plain = is_folder or entry.is_file(follow_symlinks=False)
            if entry.name in READ and is_plain and is_folder == (entry.name == UNFINISHED):
                with contextlib.suppress(OSError):  # removed meanwhile
                    files[entry.name] = entry.stat(follow_symlinks=False)
            elif is_folder and not entry.name.startswith("."):
                inner.append(entry.name)
    return inner, files


def _place(path: Path, parent: Path | None, files: dict[str, os.stat_result]) -> Place | None:
    kind = next((kind for name, kind in MARKS if name in files), None)
    if kind is None:
        return None
    signature = tuple((n, s.st_mtime_ns, s.st_size, s.st_ino) for n, s in sorted(files.items()))
    return Place(path, kind, parent, signature, max(s.st_mtime for s in files.values()))
