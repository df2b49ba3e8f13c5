"""Requests of doubtful origin are read, or refused with what is wrong."""

import pytest

from kerasrecipes.live.request_box import Request
from kerasrecipes.live.request_text import read_request


@pytest.mark.parametrize(
    ("body", "request_"),
    [
        (b'{"name": "stop"}', Request("stop")),
        (b'{"name": "go_back", "value": 3}', Request("go_back", 3)),
        (b'{"name": "clip_norm", "value": null, "note": ""}', Request("clip_norm", None)),
        (
            '{"name": "b/a", "value": 5e-1, "note": "\U0001f43c", "take_over": true}'.encode(),
            Request("b/a", 0.5, "\U0001f43c", True),
        ),
        (b'{"name": "a", "name": "b", "value": false}', Request("b", False)),
    ],
)
def test_what_is_right_is_read(body, request_):
    assert read_request(body) == request_


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "must be JSON: Expecting value"),
        (b"\xff\xfe", "must be JSON"),
        (b"[" * 9000, "must"),
        (b'{"name": "a", "value": NaN}', "NaN is no number"),
        (b'{"name": "a", "value": -Infinity}', "-Infinity is no number"),
        (b'{"name": "a", "value": 1e999}', "`value` must be a number"),
        (b'{"name": "a", "value": 1' + b"0" * 400 + b"}", "`value` must be a number"),
        (b'{"name": "a", "value": 1' + b"0" * 5000 + b"}", "must be JSON"),
        (b'{"name": "a", "value": "1"}', "`value` must be a number"),
        (b'{"name": "a", "value": [1]}', "`value` must be a number"),
        (b'["name"]', "must be an object with name, value, note, take_over"),
        (b'{"name": "a", "path": "/etc"}', "must be an object with"),
        (b'{"value": 1}', "`name` must be that of a setting"),
        (b'{"name": 3}', "`name` must be text of at most 200"),
        (b'{"name": "' + b"a" * 201 + b'"}', "`name` must be text of at most 200"),
        (b'{"name": "a", "note": "' + b"a" * 501 + b'"}', "`note` must be text of at most 500"),
        (b'{"name": "a", "note": "\\ud800"}', "`note` must be text without halves"),
        (b'{"name": "a", "take_over": 1}', "`take_over` must be true or false"),
    ],
)
def test_what_is_not_is_refused(body, said):
    with pytest.raises(ValueError, match=said):
        read_request(body)
