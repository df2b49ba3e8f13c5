"""A socket bound where it was asked for, or an error that says what stands against it."""

from __future__ import annotations

import os
import socket

BACKLOG = 128
SEND_BYTES = 256 << 10  # what the system keeps for a viewer that does not read


def listening_socket(host: str, port: int) -> socket.socket:
    """A listening TCP socket.

    Args:
        host: Name or address.
        port: 0 for a free one.

    Raises:
        OSError: If it cannot be bound, with host and port in the text.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _told(error, host, port) from error
    try:
        if os.name == "posix":  # elsewhere it would let two servers have one port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise _told(error, host, port) from error
    return bound


def _told(error: OSError, host: str, port: int) -> OSError:
    text = (
        f"port {port} of {host} cannot be listened at ({error.strerror or error}): choose another, "
        "or port=0 for a free one"
    )
    return OSError(error.errno, text)
