"""Many viewers, slow ones and dead ones: all see the same, and the training feels none."""

import asyncio
import ctypes
import http.client
import threading
import time
import tracemalloc

import pytest

from kerasrecipes.live import stream
from tests.live.served import TOKEN, Viewer, ask, raw, serve
from tests.patience import HANG

__all__ = ["serve"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(stream.Stream.__init__, "__defaults__", (0.05,))


def until(condition, seconds=HANG):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def thread_of(server):
    return server._thread._thread


def test_a_hundred_viewers_see_the_same_curve(serve):
    server = serve()
    board = server.board
    viewers = []
    for step in range(400):
        board.point("loss", step, 1 / (step + 1), "cost", "train")
        board.put(progress={"step": step})
        if step % 4 == 0:
            viewers.append(Viewer(server))
    states = [viewer.follow_to(board.version) for viewer in viewers]
    assert len(states) == 100
    assert all(state == board.snapshot() for state in states)
    for viewer in viewers:
        viewer.close()


def test_a_reload_and_a_late_viewer_get_the_whole(serve):
    server = serve()
    server.board.point("loss", 0, 1.0, "cost", "train")
    first = Viewer(server)
    first.follow()
    server.board.point("loss", 1, 0.5, "cost", "train")
    late = Viewer(server)
    assert late.follow() == "snapshot"
    state = late.follow_to(server.board.version)
    assert state["curves"]["loss"]["values"] == [1, 0.5]
    assert first.follow_to(server.board.version) == state
    first.close()
    late.close()


def test_more_viewers_than_are_let_in_are_told(serve, monkeypatch):
    monkeypatch.setattr(stream, "MOST_VIEWERS", 2)
    server = serve()
    viewers = [Viewer(server) for _ in range(2)]
    answer = ask(server, path="/api/events")
    assert (answer.status, answer.body) == (503, b"2 are watching already: close a page first.\n")
    viewers.pop().close()
    until(lambda: ask_status(server) == 200)
    viewers.pop().close()


def ask_status(server):
    try:
        viewer = Viewer(server)
    except http.client.HTTPException:
        return None
    viewer.close()
    return viewer.response.status


def test_a_sign_of_life_comes_when_nothing_changes(serve, monkeypatch):
    monkeypatch.setattr(stream, "PING", 0.05)
    viewer = Viewer(serve())
    viewer.follow()
    assert viewer.response.readline() == b"\n"
    assert viewer.response.readline() == b": ping\n"
    viewer.close()


def test_viewers_that_never_read_are_dropped_and_memory_stays(serve, monkeypatch):
    monkeypatch.setattr(stream, "PATIENCE", 0.3)
    server = serve()
    for curve in range(20):
        for step in range(2000):
            server.board.point(f"curve {curve}", step, step / 7, "cost", "train")
    watched = Viewer(server)
    watched.follow()
    ask(server, path="/api/state")
    request = f"GET /api/events?token={TOKEN} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
    tracemalloc.start()
    stuck = [raw(server, request.encode()) for _ in range(40)]
    before = tracemalloc.get_traced_memory()[0]
    dropped, step = False, 0
    while not dropped:
        step += 1
        assert step < 2000, "they are still there"
        server.board.put(said=f"{step} " * 2000, messages=[{"text": "x" * 50_000}] * (step % 2))
        time.sleep(0.005)
        dropped = step > 100 and not has_streams(server, 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - before < 40e6  # and not 40 times the state, of 1 MB, over and over
    assert watched.follow_to(server.board.version)["said"].startswith(f"{step} ")
    for connected in stuck:
        connected.close()
    watched.close()


def has_streams(server, count):
    """Whether so many streams are open, as the loop of the server's thread has them."""
    loop, answer = server._thread._loop, []
    done = threading.Event()

    def look():
        answer.append(sum("show" in repr(task.get_coro()) for task in asyncio.all_tasks(loop)))
        done.set()

    loop.call_soon_threadsafe(look)
    assert done.wait(HANG)
    return answer[0] >= count


def test_stopping_does_not_wait_for_viewers_that_do_not_read(serve):
    server = serve()
    for step in range(2000):
        for curve in range(10):
            server.board.point(f"curve {curve}", step, step / 7, "cost", "train")
    request = f"GET /api/events?token={TOKEN} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
    stuck = [raw(server, request.encode()) for _ in range(10)]
    until(lambda: has_streams(server, 10))
    began = time.perf_counter()
    server.stop()
    assert time.perf_counter() - began < 20
    assert not server.is_serving
    for connected in stuck:
        connected.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_that_was_killed_harms_nobody(serve):
    server = serve()
    viewer = Viewer(server)
    viewer.follow()
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread_of(server).ident), ctypes.py_object(SystemExit)
    )
    server.board.put(said="the next look ends it")
    until(lambda: not server.is_serving)
    server.board.point("loss", 0, 1.0, "cost", "train")
    began = time.perf_counter()
    server.stop()
    assert time.perf_counter() - began < 20
    viewer.close()


def test_with_nobody_looking_the_thread_sleeps(serve):
    server = serve()
    viewer = Viewer(server)
    viewer.follow()
    viewer.close()
    time.sleep(0.2)
    before = time.process_time()
    server.board.put(said="unseen")
    time.sleep(0.5)
    assert time.process_time() - before < 0.05
    assert server._thread._loop is not None
    assert not has_streams(server, 1)
