"""A fit that a `Babysitter` wrote down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kerasrecipes.live.runs.run_file import BrokenRunError, number, numbers, read_object, text
from kerasrecipes.live.runs.state import state_of

STATUSES = ("running", "paused", "finished", "stopped", "failed", "lost")


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
    """What the table shows of it, but its status now.

    One that was given no title has that of its folder, as many have one model's name.
    """
    state = fit_state(path)
    progress, run = state["progress"], state["run"]
    epoch, epochs = number(progress.get("epoch")), number(progress.get("epochs"))
    title = text(run.get("title"))
    settings = {text(each.get("name")): each.get("value") for each in state["settings"]}
    return {
        "title": title if title and title != run.get("model") else path.name,
        "status": state["status"],
        "said": text(state["said"]),
        "started": text(run.get("started")),
        "updated": text(progress.get("updated")),
        "epoch": None if epoch is None else min(epoch + 1, epochs or epoch + 1),  # from 1
        "epochs": epochs,
        "metrics": numbers(state["metrics"]),
        "settings": {n: v for n, v in settings.items() if n and not isinstance(v, (dict, list))},
        "nudges": len(state["nudges"]),
    }
