"""What the kills, faults and damages have shown, as text for the terminal and the page."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
from doctor_bench.page import put_between

from kill_programs.blows import Course
from kill_programs.corruption import Corruption
from kill_programs.faults import Faults
from kill_programs.program import PROGRAMS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "results.md"


class Found(NamedTuple):
    """All that a run of the benchmark has found."""

    courses: list[Course]
    faults: list[Faults]
    corruptions: list[Corruption]

    @property
    def kills(self) -> int:
        """By SIGKILL, without those at a chosen operation."""
        return sum(course.kills.total() for course in self.courses)

    @property
    def wrong(self) -> list[str]:
        """What was not as it must be."""
        titled = [
            *((course.program, course.wrong) for course in self.courses),
            *((fault.kind, fault.wrong) for fault in self.faults),
            *((corruption.title, corruption.wrong) for corruption in self.corruptions),
        ]
        return [f"{title}: {each}" for title, wrong in titled for each in wrong]


def result_lines(found: Found) -> list[str]:
    """The tables, the summary last."""
    return [
        *kill_table(found.courses),
        "",
        *fault_table(found.faults, found.corruptions),
        "",
        f"**{summary(found)}**",
    ]


def kill_table(courses: Sequence[Course]) -> list[str]:
    """A row for each program, and where its kills have found it."""
    lines = [
        "| program | saved every (steps, epochs) | killed | while a checkpoint was written "
        "| SIGTERM, status 75 | ends |",
        "|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(course.program for course in courses):
        same = [course for course in courses if course.program == name]
        lines.append(f"| {name} | {_rhythm(name)} | {_cells(same)} |")
    lines += [f"| **all** | | {_cells(courses)} |", ""]
    phases, saves = _sum(c.kills for c in courses), _sum(c.saves for c in courses)
    return [*lines, f"Killed in: {_told(phases)}. Meanwhile a save was at: {_told(saves)}."]


def fault_table(faults: Sequence[Faults], corruptions: Sequence[Corruption]) -> list[str]:
    """A row for each kind of fault, and for each way to read what was damaged."""
    lines = ["| fault | times | of these | wrong |", "|---|---|---|---|"]
    for fault in faults:
        cells = (fault.kind, fault.struck.total(), _told(fault.struck), len(fault.wrong))
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    for corruption in corruptions:
        found = corruption.found
        cells = (f"damaged, {corruption.title}", found.total(), _told(found), len(corruption.wrong))
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return lines


def summary(found: Found) -> str:
    """One line: kills, faults, damages, and what came of them."""
    lost = [each for course in found.courses for each in course.wrong if each.startswith("lost")]
    same = sum(not course.wrong for course in found.courses)
    faults = sum(fault.struck.total() for fault in found.faults)
    damages = sum(corruption.found.total() for corruption in found.corruptions)
    wrong = sum(len(each.wrong) for each in (*found.faults, *found.corruptions))
    return (
        f"{found.kills} kills: {same} of {len(found.courses)} trainings ended bit-identical, "
        f"{len(lost)} lost; {faults} faults and {damages} damaged directories: "
        f"{wrong} wrong resumes"
    )


def write_page(found: Found, command: str) -> None:
    """Puts the lines of this backend between their marks, the rest as it was."""
    backend = keras.backend.backend()
    versions = f"Keras {keras.__version__}, Python {platform.python_version()}"
    head = f"`KERAS_BACKEND={backend} {command}`: {versions}, {os.cpu_count()} cores."
    page = PAGE.read_text(encoding="utf-8")
    lines = [head, "", *result_lines(found)]
    PAGE.write_text(put_between(page, f"kills, {backend}", lines), encoding="utf-8")


def _rhythm(name: str) -> str:
    program = PROGRAMS[name]
    return ", ".join(str(each or "-") for each in (program.every_steps, program.every_epochs))


def _cells(courses: Sequence[Course]) -> str:
    kills, saves, terms = (
        sum(getattr(course, name).total() for course in courses)
        for name in ("kills", "saves", "terms")
    )
    different = sum(bool(course.wrong) for course in courses)
    end = f"{different} DIFFER" if different else "identical"
    return f"{kills} | {saves} | {terms} | {end}"


def _sum(counters: Iterable[Counter[str]]) -> Counter[str]:
    return sum(counters, Counter())


def _told(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common()) or "nothing"
