"""Server-sent events: one stream of what changes, the same bytes for all who watch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

INTERVAL = 0.5  # seconds between changes
PING = 10.0  # seconds of silence after which a sign of life is sent
PATIENCE = 20.0  # seconds that a viewer may take for one piece
PIECE = 64 << 10  # bytes handed over at a time, so that little waits in memory for a slow viewer
MOST_VIEWERS = 200
_PING_MESSAGE = b": ping\n\n"

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Source(Protocol):
    """What is streamed, as whole messages of a stream of events."""

    def advance(self) -> bytes | None:
        """Looks anew; the message of what changed since the last look, None if nothing did."""

    def whole(self) -> bytes:
        """The message of everything, as it was at the last look."""

    def end(self) -> bytes:
        """The last message."""


class Stream:
    """Looks at a source as long as somebody watches, and tells all of them what changed.

    A look costs the same for one viewer and for two hundred. Each viewer's coroutine waits for the
    newest change and sends it. No queue: whoever was busy when a change came gets the whole.

    Args:
        source: What is streamed.
        interval: Seconds between two looks.

    Attributes:
        viewers: How many watch now.
    """

    def __init__(self, source: Source, interval: float = INTERVAL) -> None:
        self.viewers = 0
        self._source, self._interval = source, interval
        self._newest = _Frame(0, b"", is_last=False)
        self._next = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether no more viewers are let in."""
        return self.viewers >= MOST_VIEWERS

    async def show(self, send: Send) -> None:
        """Sends to one viewer until it leaves, by cancelling, or the stream ends.

        Args:
            send: Takes ASGI messages; waits while the viewer does not read.

        Raises:
            TimeoutError: If the viewer does not read for too long.
        """
        self._come()
        try:
            seen = -1
            while True:
                frame = self._newest
                await self._send_all(send, self._message(frame, seen))
                seen = frame.number
                if frame.is_last:
                    return
                if frame is self._newest:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._next.wait(), PING)
        finally:
            self._leave()

    def end(self) -> None:
        """Tells all viewers the last state; each is done once it has it."""
        if not self._newest.is_last:
            self._source.advance()
            self._tell(self._source.end(), is_last=True)

    def _message(self, frame: _Frame, seen: int) -> bytes:
        if seen == frame.number:
            return _PING_MESSAGE
        if frame.is_last or seen == frame.number - 1:
            return frame.message
        return self._source.whole()

    async def _send_all(self, send: Send, message: bytes) -> None:
        view = memoryview(message)
        for start in range(0, len(view), PIECE):
            body = bytes(view[start : start + PIECE])
            async with asyncio.timeout(PATIENCE):
                await send({"type": "http.response.body", "body": body, "more_body": True})

    def _come(self) -> None:
        self.viewers += 1
        if self._looking is None and not self._newest.is_last:
            self._look()
            self._looking = asyncio.create_task(self._keep_looking())

    def _leave(self) -> None:
        self.viewers -= 1
        if not self.viewers and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _keep_looking(self) -> None:
        while not self._newest.is_last:
            await asyncio.sleep(self._interval)
            self._look()

    def _look(self) -> None:
        message = None if self._newest.is_last else self._source.advance()
        if message is not None:
            self._tell(message, is_last=False)

    def _tell(self, message: bytes, is_last: bool) -> None:
        self._newest = _Frame(self._newest.number + 1, message, is_last)
        self._next.set()
        self._next = asyncio.Event()


class EventResponse:
    """The stream as an ASGI application.

    Args:
        stream: What is shown to whoever asks.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """Answers with events until the viewer leaves or the stream ends."""
        if self._stream.is_full:
            await _answer_full(send)
            return
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["method"] != "HEAD":
            showing = asyncio.ensure_future(self._stream.show(send))
            leaving = asyncio.ensure_future(_has_left(receive))
            try:
                await asyncio.wait({showing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                leaving.cancel()
                if not showing.done():
                    showing.cancel()
            error = showing.exception() if showing.done() else None
            if isinstance(error, TimeoutError):  # closing would wait for who does not read
                scope["abort"]()
                return
            if error is not None:
                raise error
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _answer_full(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    body = f"{MOST_VIEWERS} are watching already: close a page first.\n".encode()
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _has_left(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class _Frame(NamedTuple):
    """What there is to tell at one moment."""

    number: int
    message: bytes
    is_last: bool
