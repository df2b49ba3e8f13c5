"""A terminal that shows names from data as they are, and obeys none of them."""

from __future__ import annotations

from collections.abc import Iterable

import rich.console
from rich.segment import Segment

from kerasrecipes.data.visible import visible


class Console(rich.console.Console):
    """Rich's console, in which text cannot move the cursor, change colours or turn its direction.

    Control characters in a column's name, a label or a layer's name would be commands to the
    terminal. They are written out, as in reports.
    """

    def render(
        self,
        renderable: rich.console.RenderableType,
        options: rich.console.ConsoleOptions | None = None,
    ) -> Iterable[Segment]:
        """Yields the pieces of what is shown, their text without hidden signs."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield segment._replace(text=visible(segment.text))
