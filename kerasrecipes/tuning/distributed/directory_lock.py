"""One search in a directory at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from kerasrecipes.checkpoints import CheckpointError, DirectoryLock
from kerasrecipes.tuning.distributed.errors import StoreError

WAIT_SECONDS = 15.0


@contextlib.contextmanager
def directory_lock(directory: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[bool]:
    """Holds a directory for this process; the system frees it when the process ends, however.

    Args:
        directory: The directory of a search.
        wait_seconds: Float >= 0. How long another holder is waited for.

    Yields:
        Whether there was another holder at first.

    Raises:
        StoreError: If another process holds it still.
    """
    lock = DirectoryLock(directory, wait_seconds=wait_seconds)
    try:
        lock.acquire()
    except CheckpointError as error:
        raise StoreError(
            f"another process searches in `{directory}` ({lock.holder}): wait for it or end it, or "
            "give another `directory` or `project_name`."
        ) from error
    try:
        yield lock.waited
    finally:
        lock.release()
