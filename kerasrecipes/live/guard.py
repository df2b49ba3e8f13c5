"""Who may talk to a server of ours: decided from a request's first lines alone."""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

SHORTEST_TOKEN = 16
LONGEST_TOKEN = 200
MOST_FIELDS = 20  # of a query
_TOKEN = re.compile(r"[A-Za-z0-9_\-]*")
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

Headers = Sequence[tuple[bytes, bytes]]


class Asked(NamedTuple):
    """A request as far as the guard looks at it.

    Attributes:
        method: In capitals.
        headers: Names in small letters.
        query: What stands after the `?`.
        local: Address of this machine that the request came in at.
    """

    method: str
    headers: Headers
    query: bytes = b""
    local: str = ""

    def header(self, name: bytes) -> str | None:
        """Its first value."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), None)


class Guard:
    """Lets in who has the token, and comes straight from where it was given.

    A page of another site cannot reach the server through a browser: by its own name it fails at
    `Host` (DNS rebinding), by the server's address at `Origin` and `Sec-Fetch-Site`, and the
    cookie is not sent along.

    Args:
        token: What each request must bring: as `token` in the query, as a cookie, or as
            `Authorization: Bearer`.
        host: Name or address that the server is bound to.
        port: Its port.
        allowed_hosts: Other names, with or without a port, under which it is reached.

    Attributes:
        cookie: The name of the cookie; one for each port, as browsers keep no ports apart.

    Example:
        >>> guard = Guard("0123456789abcdef", "127.0.0.1", 8000)
        >>> guard.refusal(Asked("GET", [(b"host", b"localhost:8000")], b"token=0123456789abcdef"))
        >>> guard.refusal(Asked("GET", [(b"host", b"evil.example:8000")]))
        'this server is not reached by that name.'
    """

    def __init__(self, token: str, host: str, port: int, allowed_hosts: Iterable[str] = ()) -> None:
        self.token, self.cookie = token, f"kerasrecipes-{port}"
        self._port = port
        self._is_loopback = is_loopback(host)
        names = {*_LOOPBACK_NAMES, in_address(host), *allowed_hosts}
        self._hosts = {_with_port(name.lower(), port) for name in names}

    def refusal(self, asked: Asked) -> str | None:
        """Why the request is refused, in one line; None if it is let in."""
        host = (asked.header(b"host") or "").lower()
        if not self._is_ours(host, asked.local):
            return "this server is not reached by that name."
        origin = asked.header(b"origin")
        if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
            return "requests from other sites are not taken."
        if asked.method == "POST" and asked.header(b"sec-fetch-site") == "cross-site":
            return "requests from other sites are not taken."
        if not any(map(self.is_token, self._tokens(asked))):
            return "the token is missing or wrong: open the address that the training printed."
        return None

    def is_token(self, text: str) -> bool:
        """Whether it is the token; takes as long for any text of a length."""
        return hmac.compare_digest(text.encode("utf-8", "replace"), self.token.encode())

    def asks_with_query(self, asked: Asked) -> bool:
        """Whether the token stands in the address, where it should not stay."""
        return any(map(self.is_token, _query_tokens(asked.query)))

    def _is_ours(self, host: str, local: str) -> bool:
        """Whether a `Host` is one of ours; a bare address that was come in at cannot be rebound."""
        if host in self._hosts:
            return True
        return not self._is_loopback and host == _with_port(in_address(local), self._port)

    def _tokens(self, asked: Asked) -> Iterable[str]:
        yield from _query_tokens(asked.query)
        scheme, _, bearer = (asked.header(b"authorization") or "").partition(" ")
        if scheme.lower() == "bearer":
            yield bearer.strip()
        for name, value in asked.headers:
            if name == b"cookie":
                for each in value.decode("latin-1").split(";"):
                    key, _, token = each.strip().partition("=")
                    if key == self.cookie:
                        yield token


def checked_token(token: str | None, host: str) -> str:
    """The token as it was given, or a new one.

    Args:
        token: At least 16 letters, digits, `-` or `_`; None for a random one.
        host: Where the server is to be bound to.

    Raises:
        ValueError: If the token is none, or there must be one and is not: on an address that others
            reach, whoever starts the server decides who gets in.
    """
    if token is None:
        if is_loopback(host):
            return secrets.token_urlsafe(32)
        raise ValueError(
            "`token` must be given where `host` is reached from other machines, as all who have it "
            f'can steer the training. Received: host={host!r}, token=None. Try token="'
            f'{secrets.token_urlsafe(16)}".'
        )
    is_text = isinstance(token, str) and _TOKEN.fullmatch(token)
    if not is_text or not SHORTEST_TOKEN <= len(token) <= LONGEST_TOKEN:
        raise ValueError(
            f"`token` must be {SHORTEST_TOKEN} to {LONGEST_TOKEN} letters, digits, `-` or `_`, so "
            "that it cannot be guessed and fits an address. Received: one that is not. Leave it "
            "out for a random one."
        )
    return token


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what is bound there; of other names that is not known."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def in_address(host: str) -> str:
    """As it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _with_port(name: str, port: int) -> str:
    has_port = re.search(r":\d+$", name) and (name.count(":") == 1 or "]" in name)
    return name if has_port else f"{name}:{port}"


def _query_tokens(query: bytes) -> list[str]:
    try:
        fields = parse_qsl(query.decode("latin-1"), max_num_fields=MOST_FIELDS)
    except ValueError:  # too many
        return []
    return [value for name, value in fields if name == "token"]
