"""`kerasrecipes nudge`: moves a running fit without a browser."""

from __future__ import annotations

from typing import Any

import typer

from kerasrecipes_cli.errors import OptionError
from kerasrecipes_cli.live_run import LiveRun


def nudge_command(run: str, requests: list[dict[str, Any]], note: str, take_over: bool) -> None:
    """Asks for one thing after the other, and says what each came to.

    Raises:
        OptionError: If nothing is asked, or something is refused.
    """
    if not requests:
        raise OptionError(
            "say what to do, such as --learning-rate 1e-4 or --pause: see `kerasrecipes nudge "
            "--help`."
        )
    live = LiveRun.of(run)
    for request in requests:
        done = live.nudge({**request, "note": note, "take_over": take_over})
        typer.echo(_told(request, done))


def keep_probs(values: list[str]) -> list[dict[str, Any]]:
    """The requests of `LAYER=PROBABILITY` texts.

    Raises:
        OptionError: If one is not of that form.
    """
    requests = []
    for text in values:
        layer, _, value = text.rpartition("=")
        try:
            requests.append({"name": f"keep_prob/{layer}", "value": float(value)})
        except ValueError:
            layer = ""
        if not layer:
            raise OptionError(f"--keep-prob must be LAYER=PROBABILITY. Received: {text}.")
    return requests


def _told(request: dict[str, Any], done: dict[str, Any] | None) -> str:
    name = request["name"].replace("_", " ")
    if done is None:
        return f"{name}: asked; the training has not come to its next step yet"
    change = ""
    if done["name"] == "go_back":
        change = f" to saved point {done['new']:g}"
    elif done["new"] is not None or done["old"] is not None:
        change = f" {_shown(done['old'])} -> {_shown(done['new'])}"
    return f"{name}{change}, from step {done['step']} on (epoch {done['epoch'] + 1})"


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "on", False: "off"}[value]
    return f"{value:g}"
