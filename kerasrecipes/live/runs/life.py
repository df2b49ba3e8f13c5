"""Whether who works on a run is there still, and where its live page is."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from kerasrecipes.checkpoints.holder import Holder
from kerasrecipes.live.guard import checked_token, in_address, is_loopback
from kerasrecipes.live.runs.find import UNFINISHED
from kerasrecipes.live.runs.run_file import BrokenRunError, number, read_bytes, read_object, text

MOST_BYTES = 64 << 10
LOST = "its process has ended without a word"
BROKEN_OFF = "broken off: `kerasrecipes run --resume DIR` goes on with it"


class Life(NamedTuple):
    """Who works on a run that is not finished.

    Attributes:
        process: Who; None if nobody is named.
        lost: What to say once the process has gone.
        address: Of its page, with the token; None if it has none on this machine.
        is_hidden: Whether who it is may not be read, so that what the run says must do.
    """

    process: Holder | None
    lost: str
    address: str | None = None
    is_hidden: bool = False

    @property
    def lasts(self) -> bool:
        """Whether the process is there, as far as can be told from here; asked anew each time."""
        return self.is_hidden or (self.process is not None and self.process.may_live())


def life_of_fit(path: Path) -> Life:
    """As the `live.json` of a fit tells, which is there while it runs."""
    try:
        told = read_object(path / "live.json", MOST_BYTES)
    except BrokenRunError:  # somebody else's, or not there
        return Life(None, LOST, is_hidden=(path / "live.json").exists())
    pid, machine = number(told.get("pid")), text(told.get("machine")) or ""
    started = text(told.get("process_started")) or ""
    process = Holder(pid, machine, "", "", started) if isinstance(pid, int) and pid > 0 else None
    return Life(process, LOST, page_address(told.get("address")))


def life_of_recipe(path: Path) -> Life:
    """As the lock of an unfinished run tells."""
    try:
        told = read_bytes(path / UNFINISHED / ".lock", MOST_BYTES).decode("utf-8", "replace")
    except BrokenRunError:
        return Life(None, BROKEN_OFF)
    return Life(Holder.from_text(told), BROKEN_OFF)


def page_address(address: Any) -> str | None:
    """The address of a live page on this machine, put together anew; None if it is none.

    Args:
        address: As its file has it, with the token.
    """
    try:
        place = urlsplit(str(address))
        host, port = place.hostname or "", place.port
        token = checked_token(parse_qs(place.query, max_num_fields=2).get("token", [""])[0], host)
    except ValueError:
        return None
    is_here = is_loopback(host) or host == socket.gethostname().lower()
    if place.scheme != "http" or port is None or not is_here:
        return None
    return f"http://{in_address(host)}:{port}/?token={token}"
