"""The server of a running fit's page."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable

from kerasrecipes.live.board import Board
from kerasrecipes.live.guard import Guard, checked_token, in_address
from kerasrecipes.live.listening import listening_socket
from kerasrecipes.live.request_box import RequestBox
from kerasrecipes.live.server_thread import ServerThread, check_packages

WILDCARDS = ("0.0.0.0", "::", "")
ENDED = "the training has ended"


class LiveServer:
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
        self.board, self.box = board, box
        self.host, self.port = checked_host(host), checked_port(port)
        self.token = checked_token(token, host)
        self.read_only, self.allowed_hosts = read_only, tuple(allowed_hosts)
        self.address: str | None = None
        self._thread: ServerThread | None = None

    @property
    def is_serving(self) -> bool:
        """Whether the thread is there and serves."""
        return self._thread is not None and self._thread.lives

    def start(self) -> str:
        """Binds the port and serves in a thread from now on; returns the address.

        Raises:
            ModuleNotFoundError: If a package of the extra `live` is missing.
            OSError: If the port cannot be bound.
            RuntimeError: If it was started before.
        """
        if self._thread is not None:
            raise RuntimeError("this server was started before: make another one.")
        check_packages()
        bound = listening_socket(self.host, self.port)
        self.port = bound.getsockname()[1]
        self.address = f"http://{shown_host(self.host)}:{self.port}/?token={self.token}"
        self._thread = ServerThread(bound, self._serve)
        return self.address

    def stop(self) -> None:
        """Shows the last state to all viewers, refuses what still waits, and ends the thread."""
        self.box.close(ENDED)
        if self._thread is not None:
            self._thread.stop()

    async def _serve(self, bound: socket.socket, ended: asyncio.Event) -> None:
        """Runs in the thread, which does the imports too: they take half a second."""
        from kerasrecipes.live.board_events import BoardEvents
        from kerasrecipes.live.guarded import Guarded
        from kerasrecipes.live.routes import fit_app
        from kerasrecipes.live.serve import serve
        from kerasrecipes.live.stream import Stream

        stream = Stream(BoardEvents(self.board))
        app = fit_app(self.board, self.box, stream, read_only=self.read_only)
        names = (*self.allowed_hosts, shown_host(self.host))
        guard = Guard(self.token, self.host, self.port, names)
        await serve(Guarded(app, guard), bound, ended, stream)


def checked_host(host: str) -> str:
    """The host.

    Raises:
        ValueError: If it is no text.
    """
    if not isinstance(host, str) or not host:
        raise ValueError(
            "`host` must be a name or an address of this machine, such as '127.0.0.1'. "
            f"Received: host={host!r}."
        )
    return host


def checked_port(port: int) -> int:
    """The port.

    Raises:
        ValueError: If there is none of that number.
    """
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise ValueError(
            "`port` must be a whole number from 0 to 65535, 0 for a free one. "
            f"Received: port={port!r}."
        )
    return port


def shown_host(host: str) -> str:
    """The host as others reach it: of all addresses at once, the machine's name."""
    return socket.gethostname() if host in WILDCARDS else in_address(host)
