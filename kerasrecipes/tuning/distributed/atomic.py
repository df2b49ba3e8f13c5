"""The files of a search: whole or not there, and a full disk is waited for."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasrecipes import checkpoints
from kerasrecipes.checkpoints import DISK_FULL, aside_prefix, warn_on_stderr

LEFT_SECONDS = 3600.0
RETRY_SECONDS = (1, 2, 5, 10, 20, 30, 60, 60, 60)  # about four minutes


def write_text(
    path: str | os.PathLike[str],
    text: str,
    *,
    sink: Callable[[str], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Writes a file aside, flushes it to the disk, and moves it into its place.

    On a full disk it says so, waits and tries again, for about four minutes.

    Args:
        path: The file; one of that name is replaced.
        text: Its contents.
        sink: Called with the warning of a full disk; standard error by default.
        sleep: Waits for some seconds.

    Raises:
        StoreError: If it cannot be written.
    """
    target = Path(path)
    for seconds in (*RETRY_SECONDS, None):
        try:
            checkpoints.write_text(target, text)
            return
        except OSError as error:
            if error.errno not in DISK_FULL or seconds is None:
                raise unwritable(target.parent, error) from error
            (sink or warn_on_stderr)(
                f"warning: no space left for `{target}`: trying again in {seconds} s; the search "
                "goes on as soon as some is freed."
            )
            sleep(seconds)


def save_json(path: str | os.PathLike[str], value: Any) -> str:
    """Writes a value as JSON, whole or not at all, and returns the text.

    Raises:
        StoreError: If it cannot be written.
    """
    text = json.dumps(value)
    write_text(path, text)
    return text


def make_directory(path: str | os.PathLike[str]) -> None:
    """Makes a directory and its parents, if missing.

    Raises:
        StoreError: If it cannot be made.
    """
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise unwritable(Path(path), error) from error


def remove_leftovers(directory: Path, name: str, now: float | None = None) -> None:
    """Removes what killed processes left beside a file; what is younger may be another's at work.

    Args:
        directory: Searched with its folders.
        name: Of the file.
        now: Seconds since the epoch; the clock's by default.
    """
    oldest = (time.time() if now is None else now) - LEFT_SECONDS
    for aside in directory.rglob(f"{aside_prefix(name)}*"):
        with contextlib.suppress(FileNotFoundError):
            if aside.stat().st_mtime < oldest:
                aside.unlink()


def unwritable(directory: Path, error: OSError) -> OSError:
    """The error of a directory that cannot be written, in one line."""
    from kerasrecipes.tuning.distributed.errors import StoreError

    return StoreError(
        f"the search's directory `{directory}` cannot be written ({error.strerror or error}): free "
        "it or give another `directory`, then start again; what was saved is whole."
    )
