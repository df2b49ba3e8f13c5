"""A bar on the terminal while a command works for more than a moment."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator

AFTER = 1.0  # seconds; what is done sooner needs no bar


@contextlib.contextmanager
def working(what: str, seconds: float | None = None) -> Iterator[None]:
    """Shows a bar on standard error while the block runs, if that is a terminal.

    The bar fills up over the time that the work may take, where that is known, and moves to and fro
    where it is not; it goes when the block ends.

    Args:
        what: What is done, e.g. `"diagnosing"`.
        seconds: How long it may take; `None` if nobody knows.
    """
    if not sys.stderr.isatty():
        yield
        return
    ended = threading.Event()
    shown = threading.Thread(target=_show, args=(what, seconds, ended), daemon=True)
    shown.start()
    try:
        yield
    finally:
        ended.set()
        shown.join()


def _show(what: str, seconds: float | None, ended: threading.Event) -> None:
    """Draws until the work has ended; on a copy of standard error, which may be turned away."""
    if ended.wait(AFTER):
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    began = time.monotonic() - AFTER
    with os.fdopen(os.dup(sys.stderr.fileno()), "w") as terminal:
        columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
        console = Console(file=terminal, force_terminal=True)
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(what, total=seconds)
            while not ended.wait(0.1):
                passed = time.monotonic() - began
                progress.update(task, completed=min(passed, seconds) if seconds else 0)
