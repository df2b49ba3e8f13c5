"""Ctrl-C held back for the seconds in which a finished model is saved."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def deferred_interrupt() -> Iterator[None]:
    """Ignores Ctrl-C inside the block, which saves what it would lose; as before afterwards.

    Outside of the main thread, where signals do not arrive, it does nothing.

    Example:
        >>> with deferred_interrupt():
        ...     signal.raise_signal(signal.SIGINT)
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
