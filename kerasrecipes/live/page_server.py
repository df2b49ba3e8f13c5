"""What the servers of all pages have in common: where they listen, who may look, start and stop."""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterable

from kerasrecipes.live.guard import Guard, checked_token, in_address
from kerasrecipes.live.listening import listening_socket
from kerasrecipes.live.server_thread import ServerThread, check_packages

WILDCARDS = ("0.0.0.0", "::")


class PageServer(ABC):
    """Serves a page from a thread of its own.

    Args:
        host: Name or address to bind to; from `"127.0.0.1"` only this machine reaches it.
        port: 0 to 65535; 0 for a free one.
        token: What whoever looks must have: 16 to 200 letters, digits, `-` or `_`. None for a
            random one, if only this machine reaches the server.
        allowed_hosts: Other names under which the page is reached, such as a proxy's.

    Attributes:
        address: Of the page, with the token; None before `start`.

    Raises:
        ValueError: If one of these cannot be used.
    """

    def __init__(
        self, *, host: str, port: int, token: str | None, allowed_hosts: Iterable[str]
    ) -> None:
        self.host, self.port = checked_host(host), checked_port(port)
        self.token = checked_token(token, host)
        self.allowed_hosts = checked_hosts(allowed_hosts)
        self.address: str | None = None
        self._thread: ServerThread | None = None

    @abstractmethod
    async def serve(self, bound: socket.socket, ended: asyncio.Event, guard: Guard) -> None:
        """Serves until `ended` is set. Runs in the thread, which does the imports too.

        Args:
            bound: A listening socket.
            ended: When to end.
            guard: Who may look.
        """

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
        name = shown_host(self.host)
        self.address = f"http://{name}:{self.port}/?token={self.token}"
        guard = Guard(self.token, self.host, self.port, (*self.allowed_hosts, name))
        self._thread = ServerThread(bound, lambda socket_, ended: self.serve(socket_, ended, guard))
        return self.address

    def stop(self) -> None:
        """Shows the last state to all viewers, and ends the thread within two seconds."""
        if self._thread is not None:
            self._thread.stop()


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


def checked_hosts(names: Iterable[str]) -> tuple[str, ...]:
    """The other names of the server.

    Raises:
        ValueError: If they are one text, of which each letter would be a name, or no texts.
    """
    listed = () if isinstance(names, str) else tuple(names)
    if isinstance(names, str) or not all(isinstance(name, str) for name in listed):
        raise ValueError(
            "`allowed_hosts` must be a list of names, such as ['proxy.example']. "
            f"Received: allowed_hosts={names!r}."
        )
    return listed


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
