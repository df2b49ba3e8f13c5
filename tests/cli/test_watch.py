"""`kerasrecipes watch`: serves until it is interrupted, or says in one line why it cannot."""

import socket

import pytest

from kerasrecipes.live.runs import watch as watching
from tests.cli.command import call, refusal


def test_it_is_told_where_and_what_to_watch(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(watching, "watch", lambda *arguments: asked.append(arguments[:-1]))
    assert call("watch", tmp_path).status == 0
    options = ("--host", "0.0.0.0", "--port", 8080, "--token", "0123456789abcdef")
    assert call("watch", tmp_path, *options).status == 0
    assert asked == [
        (str(tmp_path), "127.0.0.1", 0, None),
        (str(tmp_path), "0.0.0.0", 8080, "0123456789abcdef"),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "must be a directory with runs"),
        ((".", "--host", "0.0.0.0"), "`token` must be given"),
        ((".", "--token", "short"), "`token` must be 16 to 200"),
        ((".", "--port", 70000), "'--port'"),
        ((".", "--host", "no.such.host.invalid", "--token", "a" * 20), "cannot be listened at"),
        ((), "Missing argument"),
    ],
)
def test_what_cannot_be_watched_is_one_line(tmp_path, arguments, words):
    assert words in refusal("watch", *arguments, directory=tmp_path)


def test_a_port_in_use_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} of 127.0.0.1" in refusal(
            "watch", ".", "--port", port, directory=tmp_path
        )
