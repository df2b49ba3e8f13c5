"""The bar of a command that takes its time."""

import os
import pty
import sys
import threading
import time

import pytest

from kerasrecipes_cli import working as module
from kerasrecipes_cli.working import working
from tests.patience import HANG


@pytest.fixture
def terminal(monkeypatch):
    """Gives a function that makes standard error a terminal, and gives what is written to it.

    It is called in the test: between its phases pytest puts its own standard error back.
    """

    def opened():
        ours, theirs = pty.openpty()
        monkeypatch.setattr(sys, "stderr", os.fdopen(theirs, "w"))
        monkeypatch.setattr(module, "AFTER", 0.05)
        written = []

        def read():
            while data := os.read(ours, 4096):
                written.append(data)

        threading.Thread(target=read, daemon=True).start()
        return written

    return opened


def until(written, text):
    limit = time.monotonic() + HANG
    while text not in b"".join(written).decode(errors="replace"):
        assert time.monotonic() < limit, b"".join(written)
        time.sleep(0.02)


@pytest.mark.parametrize("seconds", [None, 5.0])
def test_on_a_terminal_it_says_what_is_done_and_for_how_long(terminal, seconds):
    written = terminal()
    with working("predicting", seconds):
        until(written, "predicting")
        until(written, "0:00:0")


def test_it_ends_with_an_error_too(terminal):
    written = terminal()

    def divide():
        with working("dividing"):
            until(written, "dividing")
            return 1 / 0

    with pytest.raises(ZeroDivisionError):
        divide()
    assert not [thread for thread in threading.enumerate() if thread.name.endswith("(_show)")]


def test_where_nobody_looks_nothing_is_written(capfd):
    with working("predicting"):
        time.sleep(1.3)
    assert capfd.readouterr() == ("", "")
