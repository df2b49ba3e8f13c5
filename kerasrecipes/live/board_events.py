"""The state of a running fit as server-sent events."""

from __future__ import annotations

from kerasrecipes.live.board import Board
from kerasrecipes.live.state_text import StateText


class BoardEvents:
    """A `Source` of events `snapshot`, `change` and `end`.

    Args:
        board: Which is shown.

    Example:
        >>> events = BoardEvents(Board())
        >>> events.advance()[:24]
        b'event: change\\ndata: {"ve'
        >>> events.whole()[:22]
        b'event: snapshot\\ndata: '
    """

    def __init__(self, board: Board) -> None:
        self._text = StateText(board)
        self._whole: tuple[int, bytes] = (-2, b"")

    def advance(self) -> bytes | None:
        """The change since the last call."""
        change = self._text.advance()
        return None if change is None else event("change", change)

    def whole(self) -> bytes:
        """The state as it was at the last call of `advance`, kept for the next who asks."""
        if self._whole[0] != self._text.version:
            self._whole = (self._text.version, event("snapshot", self._text.whole()))
        return self._whole[1]

    def end(self) -> bytes:
        """The last state."""
        return event("end", self._text.whole())


def event(name: str, data: str) -> bytes:
    """One message of a stream of events.

    Args:
        name: Of the event.
        data: Text of one line.
    """
    return f"event: {name}\ndata: {data}\n\n".encode()
