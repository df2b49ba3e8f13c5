"""What the server of a running fit answers to which address."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from kerasrecipes.live import page_files
from kerasrecipes.live.board import Board
from kerasrecipes.live.guard import Guard
from kerasrecipes.live.request_box import QueueFullError, Reply, Request, RequestBox
from kerasrecipes.live.request_text import MOST_BYTES, read_request
from kerasrecipes.live.state_text import StateText
from kerasrecipes.live.stream import EventResponse, Stream

LONGEST_WAIT = 10.0  # seconds for the training to come to a request
FOR_EVER = "private, max-age=31536000, immutable"


def fit_app(
    board: Board, box: RequestBox, stream: Stream, *, read_only: bool, wait: float = LONGEST_WAIT
) -> Starlette:
    """The application, without its guard.

    Args:
        board: What is shown.
        box: Where requests go.
        stream: Of the board.
        read_only: Whether requests are refused.
        wait: Seconds in which a request is answered.
    """
    state = StateText(board)

    async def fit_page(request: HttpRequest) -> Response:
        return page_response(request, "fit.html")

    async def whole_state(request: HttpRequest) -> Response:
        state.advance()
        return Response(state.whole(), media_type="application/json")

    async def nudge(request: HttpRequest) -> Response:
        if read_only:
            return _error(403, "this page is read only: Babysitter(read_only=True).")
        return await _nudge(request, box, wait)

    return application(
        [
            Route("/", fit_page, methods=["GET"]),
            *STATIC,
            Route("/api/state", whole_state, methods=["GET"]),
            Route("/api/events", EventResponse(stream), methods=["GET"]),
            Route("/api/nudge", nudge, methods=["POST"]),
        ]
    )


def application(routes: list[Route]) -> Starlette:
    """An application with these routes, and nothing that sends a browser elsewhere."""
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return app


async def _static(request: HttpRequest) -> Response:
    """A file that the pages ask for; kept by the browser, if it is asked for by its version."""
    name, asked = (request.path_params.get(each) for each in ("name", "version"))
    file = page_files.static_file(name or "")
    if file is None or asked not in (None, page_files.version()):
        return PlainTextResponse("404: there is no such file.\n", 404)
    headers = {} if asked is None else {"Cache-Control": FOR_EVER}
    return Response(file.content, media_type=file.media_type, headers=headers)


STATIC = [
    Route("/static/{name}", _static, methods=["GET"]),
    Route("/static/{version}/{name}", _static, methods=["GET"]),
]


def page_response(request: HttpRequest, name: str) -> Response:
    """A page; one that was asked for with the token in its address gets the cookie.

    Args:
        request: As it came through the guard.
        name: Of the page's file.
    """
    file = page_files.page(name)
    response = Response(file.content, media_type=file.media_type)
    guard: Guard = request.scope["guard"]
    if guard.asks_with_query(request.scope["asked"]):
        response.set_cookie(guard.cookie, guard.token, httponly=True, samesite="strict", path="/")
    return response


async def _nudge(request: HttpRequest, box: RequestBox, wait: float) -> Response:
    """Hands a request over to the training, if it is one."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return _error(415, "the request must have the Content-Type application/json.")
    body = await _body(request)
    if body is None:
        return _error(413, f"the request must have at most {MOST_BYTES:,} bytes.")
    try:
        return await _answer(box, read_request(body), wait)
    except ValueError as error:
        return _error(400, str(error))
    except QueueFullError as error:
        return _error(503, str(error))


async def _body(request: HttpRequest) -> bytes | None:
    """The body; None as soon as it is too long."""
    told = request.headers.get("content-length", "0")
    if not told.isascii() or not told.isdigit() or int(told) > MOST_BYTES:
        return None
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            return None
    return body


async def _answer(box: RequestBox, asked: Request, wait: float) -> Response:
    """Puts the request into the box and waits for the reply, no longer than is told."""
    loop = asyncio.get_running_loop()
    replied: asyncio.Future[Reply] = loop.create_future()

    def pass_on(reply: Reply) -> None:
        if not replied.done():
            replied.set_result(reply)

    def on_reply(reply: Reply) -> None:
        with contextlib.suppress(RuntimeError):  # the server has ended: nobody waits
            loop.call_soon_threadsafe(pass_on, reply)

    box.put(asked, on_reply)
    try:
        reply = await asyncio.wait_for(replied, wait)
    except TimeoutError:
        return JSONResponse({"waiting": True}, 202)
    if reply.refused is not None:
        return _error(400, reply.refused)
    return JSONResponse({"nudge": reply.result})


def _error(status: int, reason: str) -> Response:
    return JSONResponse({"error": reason}, status)
