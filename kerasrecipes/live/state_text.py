"""The state of a board as JSON, written piece by piece as it changes."""

from __future__ import annotations

import json
import time
from typing import Any

from kerasrecipes.live.board import FORMAT, Board

LONG = 200  # points; writing more of them takes long enough to let other threads go first


class StateText:
    """Follows a board; what has been written once is not written again.

    A curve's text grows at its end, so that the whole state costs little more than what changed
    since it was asked for last. For one thread.

    Args:
        board: Which to follow.

    Attributes:
        version: Of the board, as far as it was followed; -1 at first.

    Example:
        >>> board = Board()
        >>> text = StateText(board)
        >>> text.advance() is None
        False
        >>> board.put(said="hello")
        >>> text.advance()
        '{"version":1,"put":{"said":"hello"},"points":{},"curves":{}}'
        >>> json.loads(text.whole()) == board.snapshot()
        True
    """

    def __init__(self, board: Board) -> None:
        self.version = -1
        self._board = board
        self._parts: dict[str, str] = {}
        self._curves: dict[str, _CurveText] = {}
        self._whole: str | None = None

    def advance(self) -> str | None:
        """Follows the board to its present version; returns the change, None if there is none."""
        change = self._board.changes(self.version)
        if change is None:
            return None
        put = {name: _json(value) for name, value in change["put"].items()}
        self._parts.update(put)
        points = {name: self._curves[name].add(*added) for name, added in change["points"].items()}
        whole = {name: _CurveText(curve) for name, curve in change["curves"].items()}
        self._curves.update(whole)
        self.version, self._whole = change["version"], None
        curves = {name: curve.text() for name, curve in whole.items()}
        return (
            f'{{"version":{self.version},"put":{_object(put)},'
            f'"points":{_object(points)},"curves":{_object(curves)}}}'
        )

    def whole(self) -> str:
        """The whole state, at `version`."""
        if self._whole is None:
            curves = _object({name: curve.text() for name, curve in self._curves.items()})
            fields = {"format": str(FORMAT), "version": str(self.version), **self._parts}
            self._whole = _object({**fields, "curves": curves})
        return self._whole


class _CurveText:
    def __init__(self, curve: dict[str, Any]) -> None:
        self._head = f'{{"group":{_json(curve["group"])},"part":{_json(curve["part"])},"steps":['
        self._steps = [_items(curve["steps"])]
        self._values = [_items(curve["values"])]

    def add(self, steps: list[Any], values: list[Any]) -> str:
        """Adds points; returns the text of these alone."""
        self._steps.append(_items(steps))
        self._values.append(_items(values))
        return f"[[{self._steps[-1]}],[{self._values[-1]}]]"

    def text(self) -> str:
        self._steps, self._values = [",".join(self._steps)], [",".join(self._values)]
        return f'{self._head}{self._steps[0]}],"values":[{self._values[0]}]}}'


def _items(numbers: list[Any]) -> str:
    if len(numbers) > LONG:
        time.sleep(0)  # lets the training have the interpreter
    return _json(numbers)[1:-1]


def _object(texts: dict[str, str]) -> str:
    return "{" + ",".join(f"{_json(name)}:{text}" for name, text in texts.items()) + "}"


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
