"""Serving an application with uvicorn on a bound socket until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from kerasrecipes.live.connection import Connection
from kerasrecipes.live.stream import MOST_VIEWERS, Stream

MOST_CONNECTIONS = 2 * MOST_VIEWERS
MOST_HEADER_BYTES = 16 << 10
FAREWELL = 0.5  # seconds for viewers to take the last message


async def serve(app: Any, bound: socket.socket, ended: asyncio.Event, stream: Stream) -> None:
    """Serves until `ended` is set; then tells the viewers and closes.

    No signal is handled, nothing is logged below critical, and with nobody looking nothing runs.

    Args:
        app: The ASGI application.
        bound: A listening socket; it is closed.
        ended: When to end.
        stream: Whose viewers are told then.
    """
    with _loggers_put_back():
        config = uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            h11_max_incomplete_event_size=MOST_HEADER_BYTES,
            timeout_graceful_shutdown=1,
        )
        await _Server(config, ended, stream).serve([bound])


@contextlib.contextmanager
def _loggers_put_back() -> Iterator[None]:
    """What uvicorn sets on its loggers, which another server in this process may use, is undone."""
    loggers = [logging.getLogger(f"uvicorn.{name}") for name in ("error", "access", "asgi")]
    kept = [(each.level, each.handlers, each.propagate) for each in loggers]
    try:
        yield
    finally:
        for each, (level, handlers, propagate) in zip(loggers, kept, strict=True):
            each.setLevel(level)
            each.handlers, each.propagate = handlers, propagate


class _Server(uvicorn.Server):
    """Waits for an event, where uvicorn looks ten times a second whether it should end."""

    def __init__(self, config: uvicorn.Config, ended: asyncio.Event, stream: Stream) -> None:
        super().__init__(config)
        self._ended, self._stream = ended, stream

    async def main_loop(self) -> None:
        """Ends when told to, with all connections closed or cut."""
        await self._ended.wait()
        self._stream.end()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                while self.server_state.tasks:
                    await asyncio.wait(set(self.server_state.tasks))
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if self.server_state.tasks and transport is not None:
                transport.abort()
