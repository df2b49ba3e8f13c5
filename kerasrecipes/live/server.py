"""The server of a running fit's page."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable

from kerasrecipes.live.board import Board
from kerasrecipes.live.guard import Guard
from kerasrecipes.live.page_server import PageServer
from kerasrecipes.live.request_box import RequestBox

ENDED = "the training has ended"


class LiveServer(PageServer):
    """Shows a board in the browser and puts what viewers ask for into a box.

    It runs in a thread of its own; nothing that happens there reaches the training, and with nobody
    looking it sleeps.

    Args:
        board: What is shown.
        box: Where requests go.
        host: Name or address to bind to; from `"127.0.0.1"` only this machine reaches it.
        port: 0 to 65535; 0 for a free one.
        token: What whoever looks must have: 16 to 200 letters, digits, `-` or `_`. None for a
            random one, if only this machine reaches the server.
        read_only: Whether requests are refused.
        allowed_hosts: Other names under which the page is reached, such as a proxy's.

    Attributes:
        address: Of the page, with the token; None before `start`.

    Raises:
        ValueError: If one of these cannot be used.

    Example:
        >>> server = LiveServer(Board(), RequestBox())
        >>> server.start().startswith("http://127.0.0.1:")
        True
        >>> server.stop()
    """

    def __init__(
        self,
        board: Board,
        box: RequestBox,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        read_only: bool = False,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        super().__init__(host=host, port=port, token=token, allowed_hosts=allowed_hosts)
        self.board, self.box, self.read_only = board, box, read_only

    def stop(self) -> None:
        """Refuses what still waits, shows the last state to all viewers, and ends the thread."""
        self.box.close(ENDED)
        super().stop()

    async def serve(self, bound: socket.socket, ended: asyncio.Event, guard: Guard) -> None:
        """Runs in the server's thread."""
        from kerasrecipes.live.board_events import BoardEvents
        from kerasrecipes.live.guarded import Guarded
        from kerasrecipes.live.routes import fit_app
        from kerasrecipes.live.serve import serve
        from kerasrecipes.live.stream import Stream

        stream = Stream(BoardEvents(self.board))
        app = fit_app(self.board, self.box, stream, read_only=self.read_only)
        await serve(Guarded(app, guard), bound, ended, stream)
