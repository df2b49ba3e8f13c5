"""`kerasrecipes status`: what a run is like now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from kerasrecipes_cli.errors import OptionError
from kerasrecipes_cli.live_run import LiveRun, read_json


def status_command(run: str, as_json: bool) -> None:
    """Prints the state of a run that is running or has ended.

    Raises:
        OptionError: If there is none.
    """
    state = _state(run)
    if as_json:
        typer.echo(json.dumps(state, indent=1))
        return
    try:
        lines = list(_lines(state))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise OptionError(f"the state in `{run}` is no state of a fit.") from error
    for line in lines:
        typer.echo(_printable(line))


def _state(run: str) -> dict[str, Any]:
    """Of the running fit itself, or what it wrote last."""
    if "://" in run:
        return LiveRun.of(run).state()
    state = read_json(Path(run) / "state.json")
    live = read_json(Path(run) / "live.json")
    if live is not None:
        try:
            return LiveRun.of(run).state()
        except OptionError:  # killed, or about to end: what it wrote last tells
            if state is not None and state.get("status") in ("running", "paused"):
                state |= {"status": "lost", "said": "the process is gone, or does not answer"}
    if state is None:
        raise OptionError(
            f"`{run}` holds no state of a fit: it is written by Babysitter(directory=...)."
        )
    return state


def _lines(state: dict[str, Any]) -> Iterator[str]:
    progress = state.get("progress", {})
    said = f": {state['said']}" if state.get("said") else ""
    yield f"{state.get('run', {}).get('title', 'run')}: {state.get('status', 'unknown')}{said}"
    if progress:
        steps = f" of {progress['steps']}" if progress.get("steps") else ""
        left = progress.get("seconds_left")
        yield (
            f"epoch {progress['epoch'] + 1} of {progress['epochs']}, step {progress['step']}{steps}"
            f", {_duration(progress['seconds'])}"
            + (f", {_duration(left)} left" if left and state.get("status") == "running" else "")
        )
    if state.get("metrics"):
        yield ", ".join(f"{name} {_number(value)}" for name, value in state["metrics"].items())
    settings = [each for each in state.get("settings", []) if not each["unavailable"]]
    if settings:
        yield ", ".join(f"{each['name']} {_number(each['value'])}" for each in settings)
    if state.get("bias_variance"):
        yield state["bias_variance"]["text"]
    for finding in state.get("findings", []):
        place = f" at {finding['where']}" if finding.get("where") else ""
        yield f"{finding['severity']}: {finding['code']}{place}. {finding['advice']}"
    if state.get("nudges"):
        yield f"{len(state['nudges'])} nudges, the last at step {state['nudges'][-1]['step']}"


def _number(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "on", False: "off"}[value]
    return f"{value:.4g}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def _printable(line: str) -> str:
    """The line without signs that a terminal obeys; names come from users."""
    if line.isprintable():
        return line
    from kerasrecipes.data.visible import visible  # which imports Keras

    return visible(line)
