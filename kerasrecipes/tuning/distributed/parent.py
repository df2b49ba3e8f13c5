"""A process that ends with the one that started it, however that ends."""

from __future__ import annotations

import os
import threading
import time

PARENT = "KERASRECIPES_PARENT"
POLL_SECONDS = 0.25


def end_with_parent() -> None:
    """Ends this process soon after its launcher, if it was started by one.

    A launcher that was killed leaves no chief behind that would write into the directory of the
    next one. POSIX gives an orphan a new parent; that is what is looked for.
    """
    parent = os.environ.get(PARENT)
    if parent is None or os.name != "posix":
        return
    watcher = threading.Thread(target=_watch, args=(int(parent),), name="parent", daemon=True)
    watcher.start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(1)  # not sys.exit, which would end this thread alone
