"""What the server of a fit answers, to whom, and how it starts and ends."""

import json
import logging
import re
import socket
import subprocess
import sys
import threading
import time

import pytest

import kerasrecipes
from kerasrecipes.live import connection, page_files, routes, server_thread
from kerasrecipes.live.board import Board
from kerasrecipes.live.request_box import Request, RequestBox
from kerasrecipes.live.server import LiveServer
from tests.live.served import BEARER, TOKEN, Viewer, ask, clear_cache, post, raw, serve
from tests.patience import HANG

__all__ = ["serve"]


def reply_with(server, reply):
    """A training that replies to the next request."""

    def training():
        if server.box.wait(HANG):
            reply(server.box.take())

    thread = threading.Thread(target=training)
    thread.start()
    return thread


def test_the_address_opens_the_page_and_leaves_a_cookie(serve):
    server = serve()
    assert server.address == f"http://127.0.0.1:{server.port}/?token={TOKEN}"
    answer = ask(server, path=f"/?token={TOKEN}", headers={})
    assert (answer.status, answer.body) == (200, b"this is fit.html")
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(
        rf"kerasrecipes-{server.port}={TOKEN}; HttpOnly; Path=/; SameSite=strict", cookie
    )
    answer = ask(server, headers={"Cookie": cookie.partition(";")[0]})
    assert answer.status == 200
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {**BEARER, "Host": "evil.example"},
        {**BEARER, "Origin": "https://evil.example"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/api/state"), ("GET", "/api/events"), ("GET", "/x"),
                         ("GET", "/static/fit.js"), ("POST", "/api/nudge"), ("OPTIONS", "/")]
)  # fmt: skip
def test_others_are_refused_whatever_they_ask(serve, method, path, headers):
    server = serve()
    answer = ask(server, method, path, headers)
    assert answer.status == 403
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.body.startswith(b"403: ")
    assert answer.body.count(b"\n") == 1
    assert not server.box.is_waiting


@pytest.mark.parametrize(
    "path", ["/", "/api/state", "/static/bokeh.min.js", "/missing", "/api/events"]
)
def test_every_answer_has_the_headers_that_keep_others_out(serve, path):
    server = serve()
    for method in ("HEAD", "OPTIONS", "DELETE"):
        headers = ask(server, method, path).headers
        assert (
            "default-src 'none'; script-src 'self'; style-src" in headers["content-security-policy"]
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert not [name for name in headers if name.startswith("access-control")]


def test_the_page_s_files_are_kept_by_the_browser_until_one_of_them_changes(serve, tmp_path):
    server = serve()
    (tmp_path / "fit.html").write_text('<script src="/static/fit.js">')

    def path_of(name):
        return f"/static/{page_files.version()}/{name}"

    for name in ("fit.js", "bokeh.min.js"):
        assert ask(server, path=path_of(name)).headers["cache-control"].endswith(", immutable")
    before = path_of("fit.js")
    assert ask(server, path="/").body == f'<script src="{before}">'.encode()
    (tmp_path / "fit.js").write_text("this is another")
    clear_cache()
    assert before != path_of("fit.js")
    assert ask(server, path=before).status == 404
    assert ask(server, path=path_of("fit.js")).body == b"this is another"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/", 200),
        ("HEAD", "/api/events", 200),
        ("OPTIONS", "/api/nudge", 405),
        ("GET", "/api/nudge", 405),
        ("POST", "/", 405),
        ("BREW", "/", 405),
        ("GET", "/api/state/", 404),
        ("GET", "/static/", 404),
        ("GET", "/static/fit.html", 404),
        ("GET", "/static/../fit.js", 404),
        ("GET", "/static/..%2ffit.js", 404),
        ("GET", "/static/%2e%2e", 404),
        ("GET", "/static/fit.js%00", 404),
        ("GET", "/static/fit.js", 200),
        ("GET", "/static/bokeh-api.min.js", 200),
    ],
)
def test_only_what_is_listed_is_answered(serve, method, path, status):
    assert ask(serve(), method, path).status == status


def test_the_state_is_that_of_the_board_at_that_moment(serve):
    server = serve()
    for step in range(3):
        server.board.point("loss", step, 1.0, "cost", "train")
        assert ask(server, path="/api/state").json == server.board.snapshot()


def test_a_request_reaches_the_training_and_its_reply_the_page(serve):
    server, taken = serve(), []
    thread = reply_with(server, lambda p: (taken.append(p.request), p.done({"new": 0.1})))
    answer = post(server, {"name": "learning_rate", "value": 0.1, "note": "x", "take_over": True})
    thread.join()
    assert taken == [Request("learning_rate", 0.1, "x", True)]
    assert (answer.status, answer.json) == (200, {"nudge": {"new": 0.1}})


def test_a_reason_to_refuse_reaches_the_page(serve):
    server = serve()
    reply_with(server, lambda pending: pending.refuse("it is owned"))
    answer = post(server, {"name": "learning_rate", "value": 0.1})
    assert (answer.status, answer.json) == (400, {"error": "it is owned"})


def test_a_training_that_does_not_reply_is_not_waited_for(serve, monkeypatch):
    monkeypatch.setattr(routes.fit_app, "__kwdefaults__", {"wait": 0.05})
    server = serve()
    answer = post(server, {"name": "stop"})
    assert (answer.status, answer.json) == (202, {"waiting": True})
    server.box.take().done({})  # late, and nobody is harmed


def test_a_full_queue_is_said(serve):
    server = serve()
    for _ in range(server.box.most):
        server.box.put(Request("pause"))
    answer = post(server, {"name": "stop"})
    assert answer.status == 503
    assert "100 requests wait already" in answer.json["error"]


def test_read_only_shows_and_refuses(serve):
    server = serve(read_only=True)
    assert ask(server).status == 200
    answer = post(server, {"name": "stop"})
    assert (answer.status, answer.json["error"][:22]) == (403, "this page is read only")
    assert not server.box.is_waiting


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"name": "a", "value": NaN}', {}, 400),
        (b"[" * 16000, {}, 400),
        (b'{"name": "stop"}', {"Content-Type": "text/plain"}, 415),
        (b'{"name": "stop"}', {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b" " * (16 * 1024 + 1), {}, 413),
        (b'{"name": "stop"}', {"Sec-Fetch-Site": "cross-site"}, 403),
        (b'{"name": "stop"}', {"Origin": "null"}, 403),
    ],
)
def test_what_is_no_request_is_refused(serve, body, headers, status):
    server = serve()
    assert post(server, body, headers).status == status
    assert not server.box.is_waiting


def test_a_body_without_an_end_is_cut_off(serve):
    server = serve()
    head = f"POST /api/nudge?token={TOKEN} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
    head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with raw(server, head.encode() + (b"1000\r\n" + b"x" * 0x1000 + b"\r\n") * 5) as connected:
        assert connected.recv(4096).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "text",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # TLS
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /api/nudge HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"\x00" * 1000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_harms_nobody(serve, text):
    server = serve()
    with raw(server) as connected:
        try:
            connected.sendall(text)
            answer = connected.recv(4096)
        except ConnectionError:  # cut while it was still sending
            answer = b"HTTP/1.1 4"
        assert answer.startswith(b"HTTP/1.1 4")
    assert ask(server).status == 200


def is_cut(connected):
    try:
        while connected.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True


def test_a_request_that_does_not_end_is_cut_off(serve, monkeypatch):
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.2)
    server = serve()
    whole = (
        f"GET /api/state?token={TOKEN} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    )
    silent, begun = raw(server), raw(server, whole[:30])
    second = raw(server, whole)
    assert second.recv(9999).startswith(b"HTTP/1.1 200")
    second.sendall(whole[:30])
    for connected in (silent, begun, second):
        with connected:
            assert is_cut(connected)


def test_a_stream_is_not_cut_off_by_that(serve, monkeypatch):
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.1)
    server = serve()
    viewer = Viewer(server)
    assert viewer.follow() == "snapshot"
    time.sleep(0.3)
    server.board.put(said="still there")
    assert viewer.follow() == "change"
    viewer.close()


def test_a_port_in_use_is_said_where_the_server_is_started(serve):
    taken = serve().port
    with pytest.raises(OSError, match=f"port {taken} of 127.0.0.1 cannot be listened at .*in use"):
        serve(port=taken)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "0.0.0.0"}, "`token` must be given"),
        ({"host": ""}, "`host` must be a name"),
        ({"host": None}, "`host` must be a name"),
        ({"port": 65536}, r"`port` must be a whole number.*port=65536"),
        ({"port": "80"}, "port='80'"),
        ({"port": True}, "port=True"),
        ({"token": "short"}, "`token` must be 16 to 200"),
    ],
)
def test_arguments_are_checked_before_anything_is_done(options, said):
    with pytest.raises(ValueError, match=said):
        LiveServer(Board(), RequestBox(), **options)


def test_a_missing_package_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(server_thread, "PACKAGES", ("starlette", "no_such_package"))
    with pytest.raises(ModuleNotFoundError, match=r"needs no_such_package.*kerasrecipes\[live\]"):
        LiveServer(Board(), RequestBox()).start()


def test_it_serves_all_addresses_under_its_name_where_it_is_told_to(serve):
    server = serve(host="0.0.0.0")
    name = socket.gethostname()
    assert server.address.startswith(f"http://{name}:")
    assert ask(server, headers={**BEARER, "Host": f"{name}:{server.port}"}).status == 200
    assert ask(server).status == 200
    assert ask(server, headers={**BEARER, "Host": "evil.example"}).status == 403


def test_it_answers_at_once_and_ends_at_once(serve):
    began = time.perf_counter()  # limits that only a hang reaches: 2 ms, 0.12 s and 0.1 s when idle
    server = serve()
    assert time.perf_counter() - began < 10
    assert ask(server).status == 200
    assert time.perf_counter() - began < 20
    viewers = [Viewer(server) for _ in range(5)]
    waiting = threading.Thread(target=post, args=(server, {"name": "stop"}))
    waiting.start()
    assert server.box.wait(HANG)
    server.board.put(status="finished")
    began = time.perf_counter()
    server.stop()
    assert time.perf_counter() - began < 20
    assert not server.is_serving
    waiting.join(HANG)
    for viewer in viewers:
        names = [viewer.follow() for _ in range(2)]
        assert names == ["snapshot", "end"]
        assert viewer.state["status"] == "finished"
        assert viewer.follow() is None
    with pytest.raises(ConnectionRefusedError):
        ask(server)


def test_the_loggers_of_another_server_in_the_process_are_left_as_they_were(serve):
    logger, handler = logging.getLogger("uvicorn.access"), logging.NullHandler()
    logger.addHandler(handler)
    before = [*logger.handlers], logger.propagate, logger.level
    try:
        server = serve()
        ask(server)
        server.stop()
        assert (logger.handlers, logger.propagate, logger.level) == before
    finally:
        logger.removeHandler(handler)


def test_it_may_be_stopped_before_it_was_started_or_at_once_after():
    server = LiveServer(Board(), RequestBox())
    server.stop()
    server = LiveServer(Board(), RequestBox())
    server.start()
    server.stop()
    assert not server.is_serving
    with pytest.raises(RuntimeError, match="started before"):
        server.start()


def test_the_training_imports_nothing_of_the_server_s_packages():
    root = list(kerasrecipes.__path__)
    packages = [("kerasrecipes", root), ("kerasrecipes.diagnosis", [f"{root[0]}/diagnosis"])]
    program = f"""
import sys, types
for name, path in {packages}:  # without what they import themselves
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = path
import kerasrecipes.live.server
print([name for name in ("starlette", "uvicorn", "h11", "anyio", "bokeh") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_json_of_the_state_is_strict(serve):
    server = serve()
    server.board.put(metrics={"loss": float("nan")})
    json.loads(ask(server, path="/api/state").body, parse_constant=pytest.fail)
