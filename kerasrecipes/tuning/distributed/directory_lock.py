"""One search in a directory at a time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from kerasrecipes.tuning.distributed.errors import StoreError

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

WAIT_SECONDS = 15.0


@contextlib.contextmanager
def directory_lock(directory: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[bool]:
    """Holds a directory for this process; the system frees it when the process ends, however.

    File systems that cannot lock (some network ones) are not guarded.

    Args:
        directory: The directory of a search.
        wait_seconds: Float >= 0. How long another holder is waited for.

    Yields:
        Whether there was another holder at first.

    Raises:
        StoreError: If another process holds it still.
    """
    if fcntl is None:
        yield False
        return
    with Path(directory, ".lock").open("a", encoding="utf-8") as file:
        yield _locked(file, directory, wait_seconds)


def _locked(file: IO[str], directory: str, wait_seconds: float) -> bool:
    until = time.monotonic() + wait_seconds
    waited = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise StoreError(
                    f"another process searches in `{directory}`: wait for it or end it, or give "
                    "another `directory` or `project_name`."
                ) from error
            waited = True
            time.sleep(0.1)
        except OSError:  # the file system has no locks
            return waited
        else:
            return waited
