"""A fit that a `Babysitter` wrote down."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kerasrecipes.checkpoints.holder import Holder
from kerasrecipes.live.guard import checked_token, in_address, is_loopback
from kerasrecipes.live.runs.run_file import BrokenRunError, number, numbers, read_object, text
from kerasrecipes.live.runs.run_row import LIVE
from kerasrecipes.live.runs.state import state_of

STATUSES = ("running", "paused", "finished", "stopped", "failed", "lost")
MOST_LIVE_BYTES = 64 << 10
LOST = "its process has ended without a word"


def fit_state(path: Path) -> dict[str, Any]:
    """What the fit wrote last.

    Args:
        path: Its folder.

    Raises:
        BrokenRunError: If that cannot be read.
    """
    if not (path / "state.json").exists():
        return state_of({})  # begun, and nothing told yet
    told = read_object(path / "state.json")
    if told.get("format") != 1:
        raise BrokenRunError(f"state.json has the format {text(str(told.get('format')))}, not 1")
    if told.get("status") not in STATUSES:
        raise BrokenRunError("state.json does not say how the fit is doing")
    return state_of(told)


def fit_row(path: Path) -> dict[str, Any]:
    """What the table shows of it, but its status now."""
    state = fit_state(path)
    progress, run = state["progress"], state["run"]
    settings = {text(each.get("name")): each.get("value") for each in state["settings"]}
    return {
        "title": text(run.get("title")) or path.name,
        "status": state["status"],
        "said": text(state["said"]),
        "started": text(run.get("started")),
        "updated": text(progress.get("updated")),
        "epoch": number(progress.get("epoch")),
        "epochs": number(progress.get("epochs")),
        "metrics": numbers(state["metrics"]),
        "settings": {n: v for n, v in settings.items() if n and not isinstance(v, (dict, list))},
        "nudges": len(state["nudges"]),
    }


class Life:
    """Whether a fit that says it is running does, and where its page is.

    Attributes:
        lives: Whether its process is there, as far as can be told from here.
        address: Of its page, with the token; None if it has none on this machine.
    """

    def __init__(self, path: Path) -> None:
        self._process: Holder | None = None
        self._unknown = False
        self.address: str | None = None
        try:
            told = read_object(path / "live.json", MOST_LIVE_BYTES)
        except BrokenRunError:  # somebody else's, or being written
            self._unknown = (path / "live.json").exists()
            return
        pid, machine = number(told.get("pid")), text(told.get("machine")) or ""
        if isinstance(pid, int) and pid > 0:
            self._process = Holder(pid, machine, "", "")
        self.address = page_address(told.get("address"), told.get("token"))

    @property
    def lives(self) -> bool:
        """Asked anew each time."""
        return self._unknown or (self._process is not None and self._process.may_live())


def page_address(address: Any, token: Any) -> str | None:
    """The address of a live page on this machine, put together anew; None if it is none.

    Args:
        address: As its file has it.
        token: Likewise.
    """
    try:
        place = urlsplit(str(address))
        host, port = place.hostname or "", place.port
        token = checked_token(str(token), host)
    except ValueError:
        return None
    is_here = is_loopback(host) or host == socket.gethostname().lower()
    if place.scheme != "http" or port is None or not is_here:
        return None
    return f"http://{in_address(host)}:{port}/?token={token}"


def with_life(row: dict[str, Any], life: Life) -> dict[str, Any]:
    """The row with the status that it has now."""
    if row["status"] not in LIVE:
        return row
    if life.lives:
        return {**row, "address": life.address}
    return {**row, "status": "lost", "said": row["said"] or LOST}
