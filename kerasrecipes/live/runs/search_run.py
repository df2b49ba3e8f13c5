"""A search of keras-tuner, and its trials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kerasrecipes.live.runs.run_file import number, part, read_object, text, values
from kerasrecipes.live.runs.run_row import RunRow
from kerasrecipes.live.runs.state import curve, state_of

STATUSES = {  # of a trial
    "RUNNING": "running",
    "IDLE": "running",
    "COMPLETED": "finished",
    "STOPPED": "stopped",
    "INVALID": "failed",
    "FAILED": "failed",
}
SILENCE = 3600.0  # seconds after which a trial that says it runs is thought to have been lost
LOST = "nothing was written for an hour"


def trial_row(path: Path) -> dict[str, Any]:
    """What the table shows of a trial.

    Args:
        path: Its folder.

    Raises:
        BrokenRunError: If it cannot be read.
    """
    trial = read_object(path / "trial.json")
    message = (text(trial.get("message")) or "").strip().splitlines()
    last = {name: points[-1][1] for name, points in _observations(trial).items()}
    score = number(trial.get("score"))
    return {
        "title": f"trial {text(trial.get('trial_id')) or path.name}",
        "status": STATUSES.get(str(trial.get("status")), "running"),
        "said": message[-1].strip() if message else None,
        "epoch": number(trial.get("best_step")),
        "metrics": last if score is None else {**last, "score": score},
        "settings": values(part(trial, "hyperparameters", "values")),
    }


def trial_state(path: Path) -> dict[str, Any]:
    """A trial in the shape of a fit's page."""
    trial, row = read_object(path / "trial.json"), trial_row(path)
    curves = {name: curve(name, points) for name, points in _observations(trial).items()}
    return state_of(
        {
            "run": {"title": row["title"], "read_only": True, "directory": path.name},
            "status": row["status"],
            "said": row["said"],
            "progress": {"epoch": row["epoch"]},
            "metrics": row["metrics"],
            "curves": curves,
        }
    )


def search_row(path: Path) -> dict[str, Any]:
    """What the table shows of a search, but what its trials tell.

    Args:
        path: Its folder.

    Raises:
        BrokenRunError: If it cannot be read.
    """
    read_object(path / "oracle.json")
    return {"title": path.name, "status": "finished"}


def search_state(trials: Iterable[RunRow]) -> dict[str, Any]:
    """A search in the shape of a fit's page: the score of each trial, over the trials.

    Args:
        trials: Of the search.
    """
    ordered = sorted(trials, key=lambda trial: (len(trial.title), trial.title))  # 9 before 10
    scores = [(n, trial.metrics.get("score")) for n, trial in enumerate(ordered, start=1)]
    score = curve("score", [(n, value) for n, value in scores if value is not None])
    return {"run": {}, "curves": {} if score is None else {"score": score}}


def with_trials(search: RunRow, trials: Iterable[RunRow]) -> dict[str, Any]:
    """What the trials of a search tell of it: how many there are, and the newest change."""
    trials = list(trials)
    counts = Counter(trial.status for trial in trials)
    told = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    status = next((each for each in ("running", "lost") if counts[each]), "finished")
    updated = max([search.updated or "", *(trial.updated or "" for trial in trials)])
    fields = {"status": status, "epoch": sum(counts.values()) - counts["running"]}
    return {**fields, "epochs": len(trials), "said": told or "no trials yet", "updated": updated}


def _observations(trial: dict[str, Any]) -> dict[str, list[tuple[float, float]]]:
    """Steps and values of each metric that has some; the mean of several executions."""
    found = {}
    for name, metric in part(trial, "metrics", "metrics").items():
        points = []
        for told in part(metric).get("observations") or []:
            step, value = number(part(told).get("step")), part(told).get("value")
            executions = [number(each) for each in value] if isinstance(value, list) else []
            finite = [each for each in executions if each is not None]
            if step is not None and finite:
                points.append((step, sum(finite) / len(finite)))
        if points:
            found[name] = points
    return found
