"""A server of a board, and viewers that talk to it as browsers do, or as they should not."""

import contextlib
import http.client
import json
import socket
from typing import NamedTuple

import pytest

from kerasrecipes.live import page_files
from kerasrecipes.live.board import Board
from kerasrecipes.live.request_box import RequestBox
from kerasrecipes.live.server import LiveServer
from tests.patience import HANG

TOKEN = "0123456789abcdefghij"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def ask(server, method="GET", path="/", headers=BEARER, body=None):
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=HANG)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())


def post(server, request, headers=None):
    headers = {**BEARER, "Content-Type": "application/json", **(headers or {})}
    body = request if isinstance(request, bytes) else json.dumps(request)
    return ask(server, "POST", "/api/nudge", headers, body)


def raw(server, text=b"", timeout=HANG):
    """A connection on which these bytes were sent."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout)
    connection.sendall(text)
    return connection


class Viewer:
    """Follows the events as the page does; `state` is what it would show."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=HANG)
        self.connection.request("GET", "/api/events", headers=BEARER)
        self.response = self.connection.getresponse()
        self.state = None

    def event(self):
        """The name and the data of the next event; None at the end of the stream."""
        name = None
        while line := self.response.readline():
            kind, _, value = line.decode().rstrip("\n").partition(": ")
            if kind == "event":
                name = value
            elif kind == "data":
                return name, json.loads(value)
        return None

    def follow(self):
        """Takes the next event in; returns its name."""
        told = self.event()
        if told is None:
            return None
        name, data = told
        self.state = followed(self.state, data) if name == "change" else data
        return name

    def follow_to(self, version):
        while self.state is None or self.state["version"] < version:
            assert self.follow()
        return self.state

    def close(self):
        self.response.close()
        self.connection.close()


def followed(state, change):
    """What a page makes of a change."""
    state = {**state, **change["put"], "version": change["version"]}
    curves = {**state["curves"], **change["curves"]}
    for name, (steps, values) in change["points"].items():
        old = curves[name]
        added = {"steps": old["steps"] + steps, "values": old["values"] + values}
        curves[name] = {**old, **added}
    return {**state, "curves": curves}


@pytest.fixture
def serve(monkeypatch, tmp_path):
    """Starts servers of a new board; they are stopped when the test is over."""
    for name in ("fit.html", "watch.html", "fit.js"):
        (tmp_path / name).write_text(f"this is {name}")
    monkeypatch.setattr(page_files, "OURS", tmp_path)
    clear_cache()
    with contextlib.ExitStack() as servers:

        def start(**options):
            server = LiveServer(Board(), RequestBox(), **{"token": TOKEN, **options})
            server.start()
            servers.callback(server.stop)
            return server

        yield start
    clear_cache()


def clear_cache():
    for each in (page_files.page, page_files.version):
        each.cache_clear()
    page_files._our_names.cache_clear()
    page_files._our_file.cache_clear()
