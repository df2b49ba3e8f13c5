"""The benchmark's tables as Markdown, and its ratios."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import Any, NamedTuple

from doctor_bench.examine import causes_named
from doctor_bench.faults import FAULTS
from doctor_bench.trial import Trial

GOALS = {"found": 0.97, "right cause": 0.90, "false alarms": 0.03}
Answers = dict[Trial, dict[str, Any]]


class Judged(NamedTuple):
    """What the doctor said of one faulty program."""

    trial: Trial
    found: bool
    right: bool
    seconds: float
    named: tuple[str, ...]
    first: bool  # whether the first finding, the most severe, names a right cause


def judged(answers: Answers) -> list[Judged]:
    rows = []
    for trial, answer in answers.items():
        if trial.fault is not None:
            named = causes_named(answer)
            right = bool(named & FAULTS[trial.fault].causes)
            first = bool(named) and answer["findings"][0][1] in FAULTS[trial.fault].causes
            names = tuple(sorted(named))
            rows.append(Judged(trial, bool(named), right, answer["seconds"], names, first))
    return rows


def false_alarms(answers: Answers) -> list[tuple[Trial, list[str]]]:
    """The healthy programs that were called faulty, and by what."""
    return [
        (trial, [code for severity, _, code in answer["findings"] if severity != "note"])
        for trial, answer in answers.items()
        if trial.fault is None and causes_named(answer)
    ]


def fault_table(answers: Answers, harmless: dict[str, int]) -> list[str]:
    """A row per fault: true causes, trials that did harm, found, right cause, seconds."""
    by_fault = defaultdict(list)
    for row in judged(answers):
        by_fault[row.trial.fault].append(row)
    lines = [
        "| fault | true causes | harmful (harmless) | found | right cause | median s |",
        "|---|---|---|---|---|---|",
    ]
    for name, rows in sorted(by_fault.items()):
        number, causes = len(rows), ", ".join(sorted(FAULTS[name].causes))
        found, right = sum(each.found for each in rows), sum(each.right for each in rows)
        lines.append(
            f"| {name} | {causes} | {number} ({harmless.get(name, 0)}) | {found}/{number} | "
            f"{right}/{number} | {median(each.seconds for each in rows):.1f} |"
        )
    return lines


def misses(answers: Answers) -> list[str]:
    """Every trial that was not found, or not by a right cause, and what was named."""
    lines = []
    for trial, found, right, _, named, _ in judged(answers):
        if not right:
            word = f"named {', '.join(named)}" if found else "not found"
            raised = answers[trial]["raised"]
            lines.append(
                f"{trial.fault} in {trial.program}, seed {trial.seed}: {word}"
                + (f"; raised {raised}" if raised else "")
            )
    return sorted(lines)


def ratios(answers: Answers) -> dict[str, float]:
    rows = judged(answers)
    healthy = sum(trial.fault is None for trial in answers)
    return {
        "found": sum(each.found for each in rows) / max(1, len(rows)),
        "right cause": sum(each.right for each in rows) / max(1, len(rows)),
        "false alarms": len(false_alarms(answers)) / max(1, healthy),
    }


def meets_goals(measured: dict[str, float]) -> bool:
    return (
        measured["found"] >= GOALS["found"]
        and measured["right cause"] >= GOALS["right cause"]
        and measured["false alarms"] <= GOALS["false alarms"]
    )


def ratio_line(answers: Answers) -> str:
    measured, rows = ratios(answers), judged(answers)
    healthy = sum(trial.fault is None for trial in answers)
    seconds = median([each.seconds for each in rows] or [0])
    number = max(1, len(rows))
    first, named = sum(each.first for each in rows), sum(len(each.named) for each in rows)
    return (
        f"first finding right {first / number:.1%}, {named / number:.1f} causes named on average; "
        f"found {measured['found']:.1%} (goal >= 97 %), right cause "
        f"{measured['right cause']:.1%} (>= 90 %) of {len(rows)}; false alarms "
        f"{measured['false alarms']:.1%} (<= 3 %) of {healthy}; median {seconds:.1f} s: "
        + ("every goal met" if meets_goals(measured) else "NOT every goal met")
    )
