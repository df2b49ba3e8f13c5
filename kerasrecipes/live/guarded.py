"""The guard in front of an ASGI application, and the headers of all its answers."""

from __future__ import annotations

from typing import Any

from kerasrecipes.live.guard import Asked, Guard

HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        b"frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
NO_STORE = (b"cache-control", b"no-store")


class Guarded:
    """Asks the guard first; nothing of the application is reached by whoever is refused.

    Args:
        app: The ASGI application. `scope["guard"]` and `scope["asked"]` tell it what was looked at.
        guard: Who may.
    """

    def __init__(self, app: Any, guard: Guard) -> None:
        self._app, self._guard = app, guard

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers 403 itself, or lets the application answer."""
        if scope["type"] != "http":
            return
        local = (scope.get("server") or ("", 0))[0]
        asked = Asked(scope["method"], scope["headers"], scope["query_string"], local)
        refusal = self._guard.refusal(asked)

        async def send_with_headers(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _completed(message.get("headers", ()))}
            await send(message)

        if refusal is None:
            scope = {**scope, "guard": self._guard, "asked": asked}
            await self._app(scope, receive, send_with_headers)
        else:
            await _refuse(send_with_headers, refusal)


def _completed(headers: Any) -> list[tuple[bytes, bytes]]:
    names = {name for name, _ in headers}
    return [*headers, *HEADERS, *([] if NO_STORE[0] in names else [NO_STORE])]


async def _refuse(send: Any, reason: str) -> None:
    body = f"403: {reason}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
