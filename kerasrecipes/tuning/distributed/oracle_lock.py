"""keras-tuner's lock of an oracle, which it holds for ever where the call under it raises."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from keras_tuner import Oracle

# Not exported, and taken by `keras_tuner.synchronized` alone.
from keras_tuner.src.engine.oracle import LOCKS, THREADS


@contextlib.contextmanager
def lock_freed(oracle: Oracle) -> Iterator[None]:
    """Frees the lock of an oracle if what is done with it raises.

    Args:
        oracle: The oracle.
    """
    try:
        yield
    except BaseException:
        if THREADS[oracle] == threading.current_thread().name:
            THREADS[oracle] = None
            LOCKS[oracle].release()
        raise


def reason(error: BaseException) -> str:
    """What an error says in one line: its first line, and its last, the cause in a traceback."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return " ".join(dict.fromkeys((lines[0].strip(), lines[-1].strip())))
