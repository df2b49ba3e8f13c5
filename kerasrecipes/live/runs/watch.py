"""`kerasrecipes watch`: the page over many runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kerasrecipes.live.guard import Guard, is_loopback
from kerasrecipes.live.page_server import PageServer
from kerasrecipes.live.runs.run_table import RunTable

INTERVAL = 2.0  # seconds between two looks at the files
LOOK_SECONDS = 0.2  # between two looks for Ctrl-C


class WatchServer(PageServer):
    """Shows the runs below a directory; it reads their files and changes nothing.

    Args:
        directory: Where the runs lie.
        host: Name or address to bind to; from `"127.0.0.1"` only this machine reaches it. Bound
            elsewhere, the page has no links to live pages, which hold their tokens.
        port: 0 to 65535; 0 for a free one.
        token: What whoever looks must have; None for a random one, if only this machine reaches
            the server.
        allowed_hosts: Other names under which the page is reached.

    Attributes:
        address: Of the page, with the token; None before `start`.

    Raises:
        NotADirectoryError: If `directory` is none.
        ValueError: If another of these cannot be used.

    Example:
        >>> import tempfile
        >>> server = WatchServer(tempfile.mkdtemp())
        >>> server.start().startswith("http://127.0.0.1:")
        True
        >>> server.stop()
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        super().__init__(host=host, port=port, token=token, allowed_hosts=allowed_hosts)
        self.table = RunTable(directory, links=is_loopback(host))

    async def serve(self, bound: socket.socket, ended: asyncio.Event, guard: Guard) -> None:
        """Runs in the server's thread."""
        from kerasrecipes.live.guarded import Guarded
        from kerasrecipes.live.runs.run_events import RunEvents
        from kerasrecipes.live.runs.watch_routes import watch_app
        from kerasrecipes.live.serve import serve
        from kerasrecipes.live.stream import Stream

        stream = Stream(RunEvents(self.table), INTERVAL)
        await serve(Guarded(watch_app(self.table, stream), guard), bound, ended, stream)


def watch(
    directory: str | os.PathLike[str],
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    sink: Callable[[str], Any] = print,
) -> None:
    """Shows the runs below a directory until Ctrl-C.

    Args:
        directory: Where the runs lie.
        host: Name or address to bind to.
        port: 0 for a free one.
        token: None for a random one.
        sink: Called with the line that has the address.

    Raises:
        ModuleNotFoundError: If a package of the extra `live` is missing.
        OSError: If the directory cannot be read or the port cannot be bound.
        ValueError: If an argument cannot be used.
    """
    server = WatchServer(directory, host=host, port=port, token=token)
    with _interrupts() as heard:
        sink(f"watching {server.table.directory} at {server.start()} (Ctrl-C ends it)")
        try:
            while not heard:
                time.sleep(LOOK_SECONDS)
        finally:
            server.stop()


@contextlib.contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Notes Ctrl-C, in the main thread, instead of raising.

    A `KeyboardInterrupt` may come while memory is collected, where callbacks of JAX lose it.
    """
    heard: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        yield heard
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
