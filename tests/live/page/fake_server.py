"""A server of pages whose state the test holds in its hand, with the headers of the real one."""

import asyncio
import contextlib
import functools
import json
import socket
import threading
import time
from pathlib import Path

import bokeh
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

import kerasrecipes.live
from tests.live.page.canned_state import nudge
from tests.patience import HANG

FILES = Path(kerasrecipes.live.__file__).parent / "page"
BOKEH = Path(bokeh.__file__).parent / "server/static/js"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class FakeServer:
    """Serves `state` (at `/` a fit's page) or `runs` (the watch page), and keeps what is posted."""

    def __init__(self, state=None, runs=None, run_states=None):
        self.state, self.runs, self.run_states = state, runs, run_states or {}
        self.posted, self.answer, self.viewers, self.is_down = [], None, set(), False
        self.snapshots = 0
        routes = [
            Route("/", self._page),
            Route("/run/{id}", self._run_page),
            Route("/static/{name}", self._static),
            Route("/api/state", self._state),
            Route("/api/events", self._events),
            Route("/api/runs", self._runs),
            Route("/api/runs/{id}/state", self._run_state),
            Route("/api/nudge", self._nudge, methods=["POST"]),
        ]
        config = uvicorn.Config(Starlette(routes=routes), log_level="critical", lifespan="off")
        self._server, self._socket = uvicorn.Server(config), socket.socket()
        self._server.install_signal_handlers = lambda: None
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(self, *_):
        self.drop()
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(HANG)

    def _serve(self):
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._server.serve(sockets=[self._socket]))

    # What a test does.

    def reset(self, state):
        """Begins anew with a state, which viewers that are there do not get."""
        self.state, self.posted, self.answer, self.is_down, self.snapshots = (
            state,
            [],
            None,
            False,
            0,
        )

    def change(self, **parts):
        """Puts parts of the state, and tells the viewers."""
        self.state.update(parts)
        self.send("change", {"version": 2, "put": parts, "points": {}, "curves": {}})

    def point(self, name, step, value):
        self.state["curves"][name]["steps"].append(step)
        self.state["curves"][name]["values"].append(value)
        self.send(
            "change", {"version": 2, "put": {}, "points": {name: [[step], [value]]}, "curves": {}}
        )

    def send(self, event, data):
        text = f"event: {event}\ndata: {json.dumps(data)}\n\n"
        for viewer in list(self.viewers):
            self._loop.call_soon_threadsafe(viewer.put_nowait, text)

    def drop(self):
        """Closes the lines of all viewers."""
        for viewer in list(self.viewers):
            self._loop.call_soon_threadsafe(viewer.put_nowait, None)

    # What the page asks for.

    async def _page(self, request):
        return _file(FILES / ("fit.html" if self.runs is None else "watch.html"), "text/html")

    async def _run_page(self, request):
        return _file(FILES / "fit.html", "text/html")

    async def _static(self, request):
        name = request.path_params["name"]
        folder = BOKEH if name.endswith(".min.js") else FILES
        kind = {"js": "text/javascript", "css": "text/css"}[name.rpartition(".")[2]]
        return _file(folder / name, kind)

    async def _state(self, request):
        return JSONResponse(self.state, headers=HEADERS)

    async def _runs(self, request):
        return JSONResponse({"runs": self.runs}, headers=HEADERS)

    async def _run_state(self, request):
        state = self.run_states.get(request.path_params["id"])
        return JSONResponse(state, 200 if state else 404, headers=HEADERS)

    async def _nudge(self, request):
        asked = await request.json()
        self.posted.append(asked)
        if self.answer is not None:
            status, content = self.answer
            return JSONResponse(content, status, headers=HEADERS)
        return JSONResponse(
            {"nudge": nudge(413, asked["name"], 0.0, asked["value"], asked["note"])},
            headers=HEADERS,
        )

    async def _events(self, request):
        if self.is_down:
            return PlainTextResponse("down", 503)
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=HEADERS)

    async def _stream(self):
        viewer = asyncio.Queue()
        self.viewers.add(viewer)
        self.snapshots += 1
        first = ("snapshot", self.state) if self.runs is None else ("runs", {"runs": self.runs})
        try:
            yield f"event: {first[0]}\ndata: {json.dumps(first[1])}\n\n"
            while (text := await viewer.get()) is not None:
                yield text
        finally:
            with contextlib.suppress(KeyError):
                self.viewers.remove(viewer)


def _file(path, kind):
    return Response(_content(path), headers=HEADERS, media_type=kind)


@functools.cache
def _content(path):
    return path.read_bytes()
