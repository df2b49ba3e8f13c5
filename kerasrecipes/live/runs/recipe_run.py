"""A run of `kerasrecipes run`."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from kerasrecipes.live.runs.run_file import (
    number,
    numbers,
    part,
    read_bytes,
    read_object,
    text,
    values,
)
from kerasrecipes.live.runs.state import curve, state_of

METRICS = ("test_error", "dev_error", "train_error", "bias", "variance")
NO_CURVES = ("step", "name", "epoch")  # columns
MOST_ROWS = 200_000
MOST_COLUMNS = 50


def recipe_row(path: Path) -> dict[str, Any]:
    """What the table shows of it.

    Args:
        path: Its folder.

    Raises:
        BrokenRunError: If its result cannot be read.
    """
    if not (path / "result.json").exists():  # written last
        return {"title": path.name, "status": "running"}
    result = read_object(path / "result.json")
    kept = next(filter(_is_kept, reversed(_steps(result))), None)
    return {
        "title": text(result.get("data")) or path.name,
        "status": "stopped" if result.get("interrupted") is True else "finished",
        "said": text(result.get("stop_reason")),
        "epoch": sum(number(step.get("epochs")) or 0 for step in _steps(result)),
        "metrics": {n: v for n, v in numbers(result).items() if n in METRICS},
        "settings": values({**part(kept, "settings"), **_rate(kept)}),
    }


def recipe_state(path: Path) -> dict[str, Any]:
    """The run in the shape of a fit's page: its epochs one after the other, over all steps."""
    row = recipe_row(path)
    if row["status"] == "running":
        return state_of(row)
    result = read_object(path / "result.json")
    errors = {
        n: result.get(n) for n in ("human_error", "train_error", "dev_error", "bias", "variance")
    }
    advice = " ".join(filter(None, map(text, _list(result.get("advice")))))
    messages = [f"{text(s.get('name'))}: {text(s.get('reason'))}" for s in _steps(result)]
    return state_of(
        {
            "run": {"title": row["title"], "read_only": True, "directory": path.name},
            "status": row["status"],
            "said": row["said"],
            "progress": {
                "epoch": max((row["epoch"] or 0) - 1, 0),
                "seconds": number(result.get("seconds")),
            },
            "metrics": row["metrics"],
            "curves": _curves(path / "history.csv"),
            "bias_variance": {**errors, "verdict": text(result.get("verdict")), "text": advice},
            "findings": part(result, "diagnosis").get("findings", []),
            "messages": [{"time": None, "text": message} for message in messages],
        }
    )


def _curves(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    content = io.StringIO(read_bytes(path).decode("utf-8", "replace"), newline="")
    points: dict[str, list[tuple[float, float]]] = {}
    try:
        rows = csv.reader(content)
        names = next(rows, [])[:MOST_COLUMNS]
        for epoch, row in enumerate(rows, start=1):
            if epoch > MOST_ROWS:
                break
            for name, cell in zip(names, row, strict=False):
                value = _float(cell)
                if name not in NO_CURVES and value is not None:
                    points.setdefault(name, []).append((epoch, value))
    except csv.Error:  # torn: what came before it is shown
        pass
    curves = {name: curve(name, each) for name, each in points.items()}
    return {name: each for name, each in curves.items() if each is not None}


def _is_kept(step: dict[str, Any]) -> bool:
    return step.get("kept") is True


def _rate(step: dict[str, Any] | None) -> dict[str, Any]:
    return {} if step is None else {"learning_rate": step.get("learning_rate")}


def _float(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _steps(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in _list(result.get("steps")) if isinstance(step, dict)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
