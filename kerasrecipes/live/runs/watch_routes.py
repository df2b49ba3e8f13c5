"""What the server of many runs answers to which address."""

from __future__ import annotations

import json

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from kerasrecipes.live.routes import STATIC, application, page_response
from kerasrecipes.live.runs.run_events import RunEvents
from kerasrecipes.live.runs.run_table import RunTable
from kerasrecipes.live.stream import EventResponse, Stream

NO_RUN = "404: there is no such run.\n"


def watch_app(table: RunTable, stream: Stream) -> Starlette:
    """The application, without its guard; nothing in it changes anything.

    Args:
        table: Of the runs.
        stream: Of the table.
    """
    events = RunEvents(table)

    async def watch_page(request: HttpRequest) -> Response:
        return page_response(request, "watch.html")

    async def run_page(request: HttpRequest) -> Response:
        return page_response(request, "fit.html")

    async def runs(request: HttpRequest) -> Response:
        return Response(events.text(), media_type="application/json")

    async def state(request: HttpRequest) -> Response:
        told = table.state(request.path_params["run_id"])
        if told is None:
            return PlainTextResponse(NO_RUN, 404)
        text = json.dumps(told, allow_nan=False, separators=(",", ":"))
        return Response(text, media_type="application/json")

    return application(
        [
            Route("/", watch_page, methods=["GET"]),
            Route("/run/{run_id}", run_page, methods=["GET"]),
            *STATIC,
            Route("/api/runs", runs, methods=["GET"]),
            Route("/api/runs/{run_id}/state", state, methods=["GET"]),
            Route("/api/events", EventResponse(stream), methods=["GET"]),
        ]
    )
