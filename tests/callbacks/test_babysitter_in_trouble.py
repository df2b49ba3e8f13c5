"""Nothing that happens on the page's side changes a fit, or holds it up."""

import http.client
import itertools
import socket
import threading
import time
from urllib.parse import urlsplit

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import Babysitter
from kerasrecipes.live.request_box import QueueFullError, Request
from tests.patience import HANG

RNG = np.random.default_rng(0)
X = RNG.normal(size=(512, 8)).astype("float32")
Y = X @ RNG.normal(size=8).astype("float32")


def fit(babysitter=None, trouble=None, epochs=6):
    keras.utils.set_random_seed(0)
    hidden = keras.layers.Dense(16, "relu")
    model = keras.Sequential([keras.Input((8,)), hidden, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    callbacks = [babysitter] if babysitter else []
    if trouble is not None:
        begin = keras.callbacks.LambdaCallback(on_epoch_begin=trouble)
        callbacks = [begin, *callbacks]
    model.fit(X, Y, 16, epochs, 0, callbacks=callbacks)
    return model.get_weights()


@pytest.fixture(scope="module")
def undisturbed():
    return fit()


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def viewer(address, reads=True):
    parts = urlsplit(address)
    line = socket.create_connection((parts.hostname, parts.port))
    line.sendall(f"GET /api/events?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    if reads:
        assert line.recv(15).startswith(b"HTTP/1.1 200")
    return line


@pytest.mark.parametrize("reads", [True, False], ids=["that read", "that never read"])
def test_a_hundred_viewers(undisturbed, reads):
    babysitter, lines = Babysitter(sink=None), []

    def come(epoch, logs):
        if epoch == 1:
            lines.extend(viewer(babysitter.address, reads) for _ in range(100))

    try:
        assert_same(fit(babysitter, come), undisturbed)
    finally:
        for line in lines:
            line.close()


def test_viewers_that_vanish_in_the_middle_of_a_word(undisturbed):
    babysitter = Babysitter(sink=None)

    def come_and_go(epoch, logs):
        for _ in range(5):
            viewer(babysitter.address).close()

    assert_same(fit(babysitter, come_and_go), undisturbed)


def test_a_server_whose_thread_dies(undisturbed):
    babysitter, lives = Babysitter(sink=None), []

    def kill(epoch, logs):
        if epoch == 1:
            babysitter._server._thread.stop()
        lives.append(babysitter._server.is_serving)

    assert_same(fit(babysitter, kill), undisturbed)
    assert lives == [True, False, False, False, False, False]


def test_more_requests_than_there_is_room_for(undisturbed):
    babysitter, refused, pending = Babysitter(sink=None), [], []

    def flood(epoch, logs):
        for _ in range(300):
            try:
                pending.append(babysitter._fit.box.put(Request("learning_rate", -1.0)))
            except QueueFullError as error:
                refused.append(error)

    assert_same(fit(babysitter, flood), undisturbed)
    assert len(refused) > 100
    assert all(each.reply.refused for each in pending)


def test_rubbish_at_the_door(undisturbed):
    babysitter, statuses = Babysitter(sink=None), []

    def knock(epoch, logs):
        if epoch:
            return
        parts = urlsplit(babysitter.address)
        for content in (b"", b"{", b"[" * 50_000, b"\xff" * 100, b'{"name": 3}', b"null"):
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=HANG)
            headers = {"Content-Type": "application/json"}
            connection.request("POST", f"/api/nudge?{parts.query}", content, headers)
            statuses.append(connection.getresponse().status)
            connection.close()

    assert_same(fit(babysitter, knock), undisturbed)
    assert set(statuses) <= {400, 413}


def test_a_pause_and_requests_from_many_threads(undisturbed):
    babysitter, threads = Babysitter(sink=None), []

    def press(name):
        while babysitter.address is not None:
            try:
                babysitter._fit.box.put(Request(name)).wait(0.1)
            except QueueFullError:
                time.sleep(0.01)

    def begin(epoch, logs):
        if epoch == 0:
            threads.extend(
                threading.Thread(target=press, args=(name,), daemon=True)
                for name in ("pause", "go_on") * 3
            )
            for thread in threads:
                thread.start()

    assert_same(fit(babysitter, begin, epochs=6), undisturbed)
    for thread in threads:
        thread.join(HANG)
    names = [nudge.name for nudge in babysitter.nudges]
    assert {*names} == {"pause", "go_on"}
    assert all(one != other for one, other in itertools.pairwise(names))
