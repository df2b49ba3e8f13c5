"""The tables between their marks in the page of the doctor."""

from __future__ import annotations

import os
import platform
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from pages.section import put_between

from doctor_bench.table import Answers, false_alarms, fault_table, misses, ratio_line

PAGE = Path(__file__).resolve().parents[2] / "docs" / "doctor.md"


def write_page(options: Namespace, answers: Answers, harmless: Mapping[str, int]) -> None:
    """Puts the tables of this way and half between their marks, the rest as it was."""
    mark = f"seeded faults, {options.doctor}, {options.half}"
    each = f"--each {options.each} " if options.each else ""
    command = f"{each}--half {options.half} --seeds {options.seeds} --doctor {options.doctor}"
    versions = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
    alarms = [
        f"- false alarm: {trial.program}, seed {trial.seed}: {', '.join(codes)}"
        for trial, codes in false_alarms(answers)
    ]
    lines = [
        f"`python benchmarks/doctor.py {command}`: {versions}, {options.processes} processes.",
        "",
        *fault_table(answers, harmless),
        "",
        f"{ratio_line(answers)}.",
        "",
        *(f"- missed: {line}" for line in misses(answers)),
        *alarms,
    ]
    page = PAGE.read_text() if PAGE.exists() else "# The training doctor\n"
    PAGE.write_text(put_between(page, mark, lines))
