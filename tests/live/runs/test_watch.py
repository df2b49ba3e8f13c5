"""The server of many runs: the same guard, the table as it changes, and nothing to ask for."""

import contextlib
import gc
import signal
import threading

import pytest

from kerasrecipes.live.runs import watch as watching
from kerasrecipes.live.runs.watch import WatchServer
from tests.live.runs.run_folders import alive, fit, recipe
from tests.live.served import BEARER, TOKEN, Viewer, ask, serve

__all__ = ["serve"]


@pytest.fixture
def watch(serve, tmp_path, monkeypatch):  # `serve` brings the pages' files
    monkeypatch.setattr(watching, "INTERVAL", 0.05)
    with contextlib.ExitStack() as servers:

        def start(**options):
            server = WatchServer(tmp_path / "runs", **{"token": TOKEN, **options})
            server.start()
            servers.callback(server.stop)
            return server

        (tmp_path / "runs").mkdir()
        yield start


def test_pages_and_states_of_runs_are_shown(watch, tmp_path):
    server = watch()
    recipe(tmp_path / "runs" / "a")
    (run,) = ask(server, path="/api/runs").json["runs"]
    assert run["title"] == "iris"
    assert ask(server).body == b"this is watch.html"
    assert ask(server, path=f"/run/{run['id']}").body == b"this is fit.html"
    state = ask(server, path=f"/api/runs/{run['id']}/state").json
    assert state["run"] == {"title": "iris", "read_only": True, "directory": "a", "id": run["id"]}
    assert ask(server, path="/api/runs/none/state").status == 404
    assert ask(server, path="/api/runs/..%2f..%2fetc/state").status == 404


def test_the_table_is_followed_as_it_changes(watch, tmp_path):
    viewer = Viewer(watch())
    assert viewer.event() == ("runs", {"runs": []})
    fit(alive(tmp_path / "runs" / "a"))
    name, told = viewer.event()
    while not told["runs"]:
        name, told = viewer.event()
    assert name == "runs"
    viewer.close()


def test_it_has_the_same_guard_and_takes_no_requests(watch):
    server = watch()
    for path in ("/", "/run/x", "/api/runs", "/api/runs/x/state", "/api/events", "/static/fit.js"):
        assert ask(server, path=path, headers={}).status == 403
        assert ask(server, path=path, headers={**BEARER, "Origin": "http://evil"}).status == 403
        assert ask(server, "POST", path).status == 405
    assert ask(server, "POST", "/api/nudge").status == 404


def test_links_to_live_pages_are_there_only_on_loopback(watch, tmp_path):
    fit(alive(tmp_path / "runs" / "a", address="http://127.0.0.1:80/?token=the-token-of-the-fit"))
    assert b"the-token-of-the-fit" in ask(watch(), path="/api/runs").body
    assert b"the-token-of-the-fit" not in ask(watch(host="0.0.0.0"), path="/api/runs").body


def test_it_runs_until_it_is_interrupted(tmp_path):
    said, main = [], threading.main_thread().ident
    before = signal.getsignal(signal.SIGINT)  # ignored where the tests run in the background

    def hear(line):
        said.append(line)
        threading.Timer(0.05, signal.pthread_kill, [main, signal.SIGINT]).start()

    watching.watch(tmp_path, token=TOKEN, sink=hear)
    assert f"watching {tmp_path.resolve()} at http://127.0.0.1:" in said[0]
    assert f"/?token={TOKEN} " in said[0]
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_while_memory_is_collected_is_not_lost(tmp_path):
    def interrupt(phase, info):  # what a callback raises there is only printed
        gc.callbacks.remove(interrupt)
        signal.raise_signal(signal.SIGINT)

    def hear(line):
        gc.callbacks.append(interrupt)
        gc.collect()

    watching.watch(tmp_path, token=TOKEN, sink=hear)
    assert interrupt not in gc.callbacks
