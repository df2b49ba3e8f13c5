"""Files that are whole or not there, whenever the process is killed."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from kerasrecipes.checkpoints.files import FILES, Files

LONGEST_PREFIX = 60  # characters of a name; with the rest of it below the 255 bytes of a name


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str], files: Files = FILES) -> Iterator[BinaryIO]:
    """Gives a new file beside `path`, which takes its place in one step when the block ends.

    Before that it is flushed to the disk, so that a reader finds the old file or the new one, also
    after a power failure. If the block raises, what was at `path` stays and nothing is left beside
    it.

    Args:
        path: The file; its directory must exist. One of that name is replaced.
        files: The file system.

    Yields:
        A binary file to write to.

    Raises:
        OSError: If it cannot be written.

    Example:
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a.txt")
    >>> with whole_file(path) as file:
    ...     _ = file.write(b"text")
    ...     path.exists()
    False
    >>> path.read_bytes()
    b'text'
    """
    path = Path(path)
    aside = path.with_name(aside_prefix(path.name) + secrets.token_hex(4))
    opened = files.create(aside)
    try:
        with opened as file:
            yield file
            files.sync(file)
        files.rename(aside, path)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            files.remove(aside)
        raise


def write_bytes(path: str | os.PathLike[str], content: bytes, files: Files = FILES) -> Path:
    """Puts the content in the place of the file at `path` in one step, or leaves it as it was.

    Args:
        path: The file; its directory must exist.
        content: All of it.
        files: The file system.

    Returns:
        `path` as a `pathlib.Path`.

    Raises:
        OSError: If it cannot be written.

    Example:
    >>> import tempfile
    >>> write_bytes(Path(tempfile.mkdtemp(), "a"), b"text").read_bytes()
    b'text'
    """
    with whole_file(path, files) as file:
        files.write(file, content)
    return Path(path)


def write_text(path: str | os.PathLike[str], text: str, files: Files = FILES) -> Path:
    """Writes text in UTF-8, with its line ends as they are, as `write_bytes` does.

    Args:
        path: The file; its directory must exist.
        text: All of it.
        files: The file system.

    Returns:
        `path` as a `pathlib.Path`.

    Raises:
        OSError: If it cannot be written.

    Example:
    >>> import tempfile
    >>> write_text(Path(tempfile.mkdtemp(), "a"), "α\\n").read_bytes()
    b'\\xce\\xb1\\n'
    """
    return write_bytes(path, text.encode("utf-8"), files)


def put_in_place(aside: Path, path: Path, files: Files = FILES) -> None:
    """Flushes a finished file to the disk and lets it take the place of `path` in one step.

    Args:
        aside: The finished file, on the same file system.
        path: Where it goes.
        files: The file system.

    Raises:
        OSError: If that cannot be done.
    """
    with files.open(aside) as file:
        files.sync(file)
    files.rename(aside, path)


def aside_prefix(name: str) -> str:
    """How the names of the files begin that are written aside for the file `name`."""
    return f".{name[:LONGEST_PREFIX]}-"
