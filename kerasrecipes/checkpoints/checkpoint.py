"""One checkpoint: a folder of three files, written and read with checksums."""

from __future__ import annotations

import datetime
import hashlib
import json
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from kerasrecipes.checkpoints.array_archive import CHUNK_BYTES, read_arrays, write_arrays
from kerasrecipes.checkpoints.files import FILES, Files
from kerasrecipes.checkpoints.manifest import LARGEST_BYTES, FileRecord, Manifest
from kerasrecipes.checkpoints.state_tree import count_arrays, flatten, unflatten

ARRAYS, STATE, MANIFEST = "arrays.npz", "state.json", "manifest.json"
LONGEST_REASON = 120
MISSING = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class TornError(ValueError):
    """A checkpoint is not whole, or not as it was written."""


class Checkpoint(NamedTuple):
    """The state of a run, read from the disk and found whole.

    Attributes:
        number: It was saved under; later ones are higher.
        about: What the program said of it.
        state: The tree that was saved.
        path: Its folder.
    """

    number: int
    about: dict[str, Any]
    state: Any
    path: Path


class Content(NamedTuple):
    """A state made ready to be written.

    Attributes:
        text: The tree as JSON.
        arrays: What it refers to.
    """

    text: bytes
    arrays: list[Any]


def prepared(state: Any) -> Content:
    """Takes a state apart, before anything is written.

    Raises:
        TypeError: If something in it cannot be stored.
        ValueError: If it is nested too deep.
    """
    value, arrays = flatten(state)
    return Content(json.dumps(value, allow_nan=False).encode("ascii"), arrays)


def write_checkpoint(
    folder: Path, number: int, content: Content, about: dict[str, Any], files: Files = FILES
) -> None:
    """Writes the files into a new folder, each of them flushed to the disk; the manifest last.

    Args:
        folder: Made here.
        number: Of the checkpoint.
        content: The state made ready.
        about: What the program says of it.
        files: The file system.

    Raises:
        OSError: If it cannot be written.
    """
    files.make_folder(folder)
    records = {}
    for name in (ARRAYS, STATE):
        with files.create(folder / name) as file:
            counted = _Counted(file, files)
            if name == ARRAYS:
                write_arrays(counted, content.arrays)
            else:
                counted.write(content.text)
            files.sync(file)
        records[name] = counted.record()
    now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    with files.create(folder / MANIFEST) as file:
        files.write(file, Manifest(number, now, about, records).to_bytes())
        files.sync(file)
    files.sync_folder(folder)


def read_checkpoint(folder: Path, number: int, files: Files = FILES) -> Checkpoint:
    """Reads a checkpoint in which every bit is as it was written.

    Args:
        folder: Its folder.
        number: It must be saved under.
        files: The file system.

    Raises:
        TornError: If it is not whole.
        CheckpointError: If it is whole and of another format.
        OSError: If the system does not let it be read.
    """
    manifest = read_manifest(folder, number, files)
    with _opened(folder / STATE, files) as file:
        text = _checked(file, STATE, manifest, files, keep=True)
    with _opened(folder / ARRAYS, files) as file:
        _checked(file, ARRAYS, manifest, files)
        try:
            value = json.loads(text)
            state = unflatten(value, read_arrays(file, count_arrays(value)))
        except (OSError, MemoryError):
            raise
        except Exception as error:  # the checksums are right: someone else has made them
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST_REASON]
            raise TornError(f"`{folder.name}` cannot be taken apart ({reason})") from error
    return Checkpoint(number, manifest.about, state, folder)


def read_manifest(folder: Path, number: int, files: Files = FILES) -> Manifest:
    """Reads what a checkpoint must be, without its files.

    Raises:
        TornError: If the manifest is missing or not as it was written.
        CheckpointError: If it is of another format.
        OSError: If the system does not let it be read.
    """
    with _opened(folder / MANIFEST, files) as file:
        data = files.read(file, LARGEST_BYTES)
    try:
        manifest = Manifest.from_bytes(data, str(folder))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TornError(f"`{MANIFEST}` is damaged ({error})") from error
    if manifest.number != number or set(manifest.files) != {ARRAYS, STATE}:
        raise TornError(f"`{MANIFEST}` tells of another checkpoint")
    return manifest


def require_whole(folder: Path, number: int, files: Files = FILES) -> None:
    """Compares all checksums, without taking memory for the arrays.

    Raises:
        TornError: If it is not whole.
        CheckpointError: If it is of another format.
        OSError: If the system does not let it be read.
    """
    manifest = read_manifest(folder, number, files)
    for name in (ARRAYS, STATE):
        with _opened(folder / name, files) as file:
            _checked(file, name, manifest, files)


def _opened(path: Path, files: Files) -> BinaryIO:
    try:
        return files.open(path)
    except MISSING as error:
        raise TornError(f"`{path.name}` is missing") from error


def _checked(
    file: BinaryIO, name: str, manifest: Manifest, files: Files, keep: bool = False
) -> bytes:
    """Compares a file with the manifest and goes back to its beginning; its bytes if `keep`."""
    wanted, digest, size, kept = manifest.files[name], hashlib.sha256(), 0, []
    while size <= wanted.size and (piece := files.read(file, CHUNK_BYTES)):
        size += len(piece)
        digest.update(piece)
        if keep:
            kept.append(piece)
    if FileRecord(size, digest.hexdigest()) != wanted:
        raise TornError(
            f"`{name}` is not the file that was written: its checksum or length differs"
        )
    file.seek(0)
    return b"".join(kept)


class _Counted:
    """Hands bytes on to a file, and knows their number and their SHA-256."""

    def __init__(self, file: BinaryIO, files: Files) -> None:
        self._file, self._files = file, files
        self._size, self._digest = 0, hashlib.sha256()

    def write(self, data: bytes | memoryview) -> int:
        self._files.write(self._file, data)
        self._digest.update(data)
        self._size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing: what is written is flushed to the disk at the end."""

    def record(self) -> FileRecord:
        return FileRecord(self._size, self._digest.hexdigest())
