"""A request as a page sends it: JSON of doubtful origin."""

from __future__ import annotations

import json
import math
from typing import Any

from kerasrecipes.live.nudge import MOST_NOTE
from kerasrecipes.live.request_box import Request
from kerasrecipes.live.setting import Value

MOST_BYTES = 16 << 10
MOST_NAME = 200  # characters


def read_request(body: bytes) -> Request:
    """The request in the body of a POST; whether its name and value fit, the training decides.

    Args:
        body: A JSON object with `name`, and `value`, `note` and `take_over` where needed.

    Raises:
        ValueError: If it is anything else, with what is wrong.

    Example:
        >>> read_request(b'{"name": "learning_rate", "value": 0.001}').value
        0.001
    """
    try:
        fields = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("the request must not be nested.") from None
    except ValueError as error:
        raise ValueError(f"the request must be JSON: {error}.") from None
    if not isinstance(fields, dict) or not set(fields) <= set(Request._fields):
        raise ValueError(f"the request must be an object with {', '.join(Request._fields)}.")
    take_over = fields.get("take_over", False)
    if not isinstance(take_over, bool):
        raise ValueError("`take_over` must be true or false.")
    name = _text(fields, "name", MOST_NAME)
    if not name:
        raise ValueError("`name` must be that of a setting or an action, and is missing.")
    return Request(name, _number(fields.get("value")), _text(fields, "note", MOST_NOTE), take_over)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _text(fields: dict[str, Any], name: str, most: int) -> str:
    text = fields.get(name, "")
    if not isinstance(text, str) or len(text) > most:
        raise ValueError(f"`{name}` must be text of at most {most} characters.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"`{name}` must be text without halves of characters.") from None
    return text


def _number(value: Any) -> Value:
    if value is None or isinstance(value, bool):
        return value
    try:
        if isinstance(value, (int, float)) and math.isfinite(value):
            return value
    except OverflowError:  # a whole number of hundreds of digits
        pass
    raise ValueError("`value` must be a number, true, false or null.")
