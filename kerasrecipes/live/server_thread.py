"""A thread that serves, apart from the training's."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import socket
import threading
from collections.abc import Awaitable, Callable

PACKAGES = ("starlette", "uvicorn", "bokeh")
LONGEST_STOP = 2.0  # seconds

Serving = Callable[[socket.socket, asyncio.Event], Awaitable[None]]


class ServerThread:
    """A daemon thread with an event loop of its own, which serves one listening socket.

    Whatever happens in it, whoever started it goes on.

    Args:
        bound: The socket; connections wait in it until the thread has imported what it needs.
        serving: Called in the thread, with the socket and an event of when to end.
    """

    def __init__(self, bound: socket.socket, serving: Serving) -> None:
        self._bound, self._serving = bound, serving
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="kerasrecipes-live", daemon=True)
        self._thread.start()

    @property
    def lives(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Ends it, within two seconds; if it does not end, it is left to itself."""
        self._stopping = True
        loop, ended = self._loop, self._ended
        if loop is not None and ended is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(ended.set)
        self._thread.join(LONGEST_STOP)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._bound.close()

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if not self._stopping:
            await self._serving(self._bound, self._ended)


def check_packages() -> None:
    """Checks that what a server needs is installed, without importing it.

    Raises:
        ModuleNotFoundError: If something is missing, with how to install it.
    """
    for name in PACKAGES:
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(
                f"the page needs {name}, which is not installed: pip install kerasrecipes[live]",
                name=name,
            )
