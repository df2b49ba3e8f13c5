"""What a page says of a run that was broken off and gone on with."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMED = 5


def resumed_text(times: Sequence[str]) -> str:
    """How often, and when; nothing for a run that was never resumed.

    Args:
        times: ISO 8601, in their order.

    Returns:
        A sentence with a space before it, or "".

    Example:
        >>> resumed_text(["2026-11-29T17:03:00+00:00"])
        ' Resumed once, on 2026-11-29 17:03.'
        >>> resumed_text([])
        ''
    """
    if not times:
        return ""
    shown = [time.replace("T", " ")[:16] for time in times[-MOST_NAMED:]]
    often = {1: "once", 2: "twice"}.get(len(times), f"{len(times)} times")
    last = "the last ones " if len(times) > MOST_NAMED else ""
    return f" Resumed {often}, {last}on {', '.join(shown)}."
