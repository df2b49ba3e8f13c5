"""What goes over the wire beside keras-tuner's own messages.

The worker's session stands in the metadata of its calls, so keras-tuner's protos stay as they are.
Heartbeats and the launcher's questions are two methods of a second service on the same port; their
messages are JSON. A stock keras-tuner worker or chief on the other side works as it always did.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import grpc

SERVICE = "kerasrecipes.Sweep"
SESSION = "kerasrecipes-session"
PROJECT = "kerasrecipes-project-bin"
MESSAGE = "kerasrecipes-message-bin"
MESSAGE_BYTES = 4000  # of a failed trial's traceback: metadata are limited to 8 KiB
KEEPALIVE = (
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
)
CLIENT_OPTIONS = (
    *KEEPALIVE,
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)
SERVER_OPTIONS = (
    *KEEPALIVE,
    ("grpc.so_reuseport", 0),  # else two chiefs could share a port, and each see half of the calls
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
)
Answer = Callable[[dict[str, Any]], dict[str, Any]]


def channel(address: str) -> grpc.Channel:
    """A channel to a chief that notices a dead one, and finds a new one soon."""
    local = address.startswith(("127.", "localhost", "[::1]"))
    proxy = (("grpc.enable_http_proxy", 0),) if local else ()
    return grpc.insecure_channel(address, options=(*CLIENT_OPTIONS, *proxy))


def ask(channel: grpc.Channel, method: str, message: Mapping[str, Any], timeout: float) -> Any:
    """Calls a method of our service and returns its answer."""
    call = channel.unary_unary(f"/{SERVICE}/{method}")
    return json.loads(call(json.dumps(message).encode(), timeout=timeout))


def handler(methods: Mapping[str, Answer]) -> grpc.GenericRpcHandler:
    """Our service for a server: each method from one JSON object to another."""

    def wrapped(answer: Answer) -> Callable[[bytes, Any], bytes]:
        def call(request: bytes, _context: Any) -> bytes:
            return json.dumps(answer(json.loads(request))).encode()

        return call

    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            name: grpc.unary_unary_rpc_method_handler(wrapped(answer))
            for name, answer in methods.items()
        },
    )


class Caller(NamedTuple):
    """Who makes a call.

    Attributes:
        session: Of the worker's process; None for stock keras-tuner, and for a process that only
            follows another.
        project: Name of the search that it means; None for stock keras-tuner.
        message: Of the failed trial that it reports.
    """

    session: str | None
    project: str | None
    message: str | None = None

    def metadata(self) -> tuple[tuple[str, Any], ...]:
        """The same as metadata of a call."""
        entries: list[tuple[str, Any]] = [(SESSION, self.session)] if self.session else []
        if self.project is not None:
            entries.append((PROJECT, self.project.encode()))
        if self.message:
            entries.append((MESSAGE, self.message.encode()[-MESSAGE_BYTES:]))
        return tuple(entries)

    @classmethod
    def read(cls, entries: Iterable[tuple[str, Any]]) -> Caller:
        """From the metadata of a call."""
        found = dict(entries)
        texts = [found.get(name) for name in (PROJECT, MESSAGE)]
        return cls(found.get(SESSION), *(t and t.decode(errors="replace") for t in texts))
