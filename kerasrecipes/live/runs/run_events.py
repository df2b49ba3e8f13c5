"""The table of runs as server-sent events."""

from __future__ import annotations

import json

from kerasrecipes.live.board_events import event
from kerasrecipes.live.runs.run_table import RunTable


class RunEvents:
    """A `Source` of events `runs`, each with the whole table, and `end`.

    Args:
        table: Which is shown.
    """

    def __init__(self, table: RunTable) -> None:
        self._table = table
        self._text = ""

    def text(self) -> str:
        """The table as JSON, read anew."""
        rows = [row.to_dict() for row in self._table.read()]
        return json.dumps({"runs": rows}, allow_nan=False, separators=(",", ":"))

    def advance(self) -> bytes | None:
        """The table, if it has changed since the last call."""
        text = self.text()
        if text == self._text:
            return None
        self._text = text
        return self.whole()

    def whole(self) -> bytes:
        """The table as it was at the last call of `advance`."""
        return event("runs", self._text)

    def end(self) -> bytes:
        """The last table."""
        return event("end", self._text)
