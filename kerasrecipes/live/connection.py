"""A connection as uvicorn has it, which does not wait for ever for who is on its other side."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 10.0  # for a request to come in, from its first byte, or from connecting, on


class Connection(H11Protocol):
    """Cuts off whose request does not come to an end, and lets the application cut others off.

    `scope["abort"]` closes the connection at once and throws away what waits to be sent: closing
    one whose other side does not read would otherwise wait for it.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Starts the clock."""
        super().connection_made(transport)
        app = self.app

        async def app_with_abort(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "abort": transport.abort}, receive, send)

        self.app = app_with_abort
        self._start_clock()

    def data_received(self, data: bytes) -> None:
        """Stops the clock once a request is whole; the first byte of a next one starts it again."""
        super().data_received(data)
        begun = self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]
        if begun or self.conn.their_state is h11.SEND_BODY:
            self._start_clock()
        else:
            self._stop_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def _start_clock(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
