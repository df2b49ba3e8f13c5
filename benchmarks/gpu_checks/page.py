"""The table of `gpu_check.py`, and the machine it was measured on."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One measurement on two devices."""

    name: str
    first: dict[str, Any]
    second: dict[str, Any]

    @property
    def has_failed(self) -> bool:
        """Whether a device could not do it, or they differ."""
        return not (self.first["ok"] and self.second["ok"] and self.agree)

    @property
    def agree(self) -> bool:
        """Whether both gave one answer."""
        return self.first.get("answer") == self.second.get("answer")

    @property
    def ratio(self) -> float:
        """Seconds of the first over seconds of the second; of the work alone where that is told."""
        return _seconds(self.first) / _seconds(self.second)

    def __str__(self) -> str:
        return f"{self.name}: {_cell(self.first)}; {_cell(self.second)}; {self.ratio:.2f} times"


def _seconds(outcome: dict[str, Any]) -> float:
    return outcome.get("work_seconds", outcome["seconds"])


def _cell(outcome: dict[str, Any]) -> str:
    told = outcome["told"] if "answer" in outcome or not outcome["ok"] else "its claim holds"
    return f"{_seconds(outcome):.1f} s, {'' if outcome['ok'] else 'FAILED: '}{told}"


def lines_of(rows: list[Row], devices: list[str]) -> list[str]:
    """A table in Markdown, and what fell short."""
    first, second = devices
    lines = [
        f"| measured | {first} | {second} | {first} / {second} |",
        "|---|---|---|---|",
        *(
            f"| {row.name} | {_safe(row.first)} | {_safe(row.second)} | {row.ratio:.2f} |"
            for row in rows
        ),
        "",
    ]
    both = [row.name for row in rows if not row.first["ok"] and not row.second["ok"]]
    short = [row.name for row in rows if row.has_failed and row.name not in both]
    if short:
        lines.append(f"Not the same on both: {', '.join(short)}.")
    if both:
        lines.append(f"Fails on both: {', '.join(both)}.")
    if not short and not both:
        lines.append(f"All {len(rows)} give the same answers on both.")
    return lines


def _safe(outcome: dict[str, Any]) -> str:
    return _cell(outcome).replace("|", "/")


def machine() -> str:
    """The machine, the backend and its version, and the day."""
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    gpus = ", ".join(names_of_gpus()) or "no GPU"
    version = importlib.metadata.version(backend)
    today = datetime.date.today().isoformat()
    return f"{_processor()}, {os.cpu_count()} cores; {gpus}; {backend} {version}; {today}."


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def names_of_gpus() -> list[str]:
    """By the driver's own tool; empty without one."""
    if shutil.which("nvidia-smi") is None:
        return []
    done = subprocess.run(
        ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else []
