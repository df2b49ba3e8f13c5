"""What the searches have shown, as text for the terminal and for docs/results.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from search_tasks import synthetic, tables
from search_tasks.methods import METHODS, OURS
from search_tasks.ranking import Courses, mean_ranks, shared_seeds, targets, trials_to_target

PAGE = Path(__file__).resolve().parents[2] / "docs" / "results.md"
BEGIN, END = "<!-- search: begin -->", "<!-- search: end -->"
MOST_TRIALS, MOST_MILLISECONDS = 30, 10.0


def result_lines(
    courses: Courses, overheads: Mapping[str, Any], budgets: tuple[int, ...]
) -> tuple[list[str], bool]:
    """The tables, the goals last, and whether all of them are met."""
    tasks = [*synthetic.tasks(), *tables.tasks()]
    names = [t.name for t in tasks if all(t.name in courses[m] for m in courses)]
    held_out = [t.name for t in tasks if t.held_out and t.name in names]
    if OURS not in courses or "RandomSearch" not in courses:
        return ["Nothing to compare yet."], False
    lines, met = [], True
    for methods in groups(courses, names):
        seeds = shared_seeds(courses, methods, names)
        ranks, lowest = rank_table(courses, methods, names, held_out, seeds, budgets)
        lines += [f"Mean rank of {len(methods)} methods over {len(names)} tasks and {len(seeds)} "
                  "seeds (on the tasks held out from the design):", "", *ranks, ""]  # fmt: skip
        met &= lowest
        goal = f"lowest mean rank at every budget, {len(methods)} methods"
        lines += [f"**{goal}: {'met' if lowest else 'MISSED'}**", ""]
    needed, ours = target_table(courses, names, held_out, budgets[-1])
    lines += [f"Trials until the median of random search at {budgets[-1]} is reached, median over "
              "seeds:", "", *needed, ""]  # fmt: skip
    reached = ours <= MOST_TRIALS
    lines += [f"**{MOST_TRIALS} trials or fewer: {ours:g}, {'met' if reached else 'MISSED'}**", ""]
    met &= reached
    if OURS in overheads:
        title = "Milliseconds per trial, without training, by trials (clock / CPU / proposing):"
        lines += [title, "", *overhead_table(overheads), ""]
        last = list(overheads[OURS].values())[-1][0]
        quick = last < MOST_MILLISECONDS
        lines += [f"**below {MOST_MILLISECONDS:g} ms at 200 trials: {last:.1f} ms, "
                  f"{'met' if quick else 'MISSED'}**", ""]  # fmt: skip
        met &= quick
    return lines[:-1], met


def groups(courses: Courses, names: list[str]) -> list[list[str]]:
    """All methods; if some have fewer seeds than ours, those that have as many come first."""
    everyone = [method for method in METHODS if method in courses]
    counts = {m: len(shared_seeds(courses, [m], names)) for m in everyone}
    most = [m for m in everyone if counts[m] >= counts[OURS]]
    return [everyone] if most == everyone else [most, everyone]


def rank_table(courses, methods, names, held_out, seeds, budgets):
    all_ranks = [mean_ranks(courses, methods, names, seeds, b) for b in budgets]
    held = [mean_ranks(courses, methods, held_out, seeds, b) for b in budgets]
    lines = ["| | " + " | ".join(f"{b} trials" for b in budgets) + " |", "|---" * 4 + "|"]
    for i, method in enumerate(methods):
        cells = [f"{a[i]:.2f} ({h[i]:.2f})" for a, h in zip(all_ranks, held, strict=True)]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    ours = methods.index(OURS)
    return lines, all(np.argmin(ranks) == ours for ranks in all_ranks)


def target_table(courses, names, held_out, budget):
    methods = [method for method in METHODS if method in courses]
    seeds = {m: shared_seeds(courses, [m], names) for m in methods}
    goals = targets(courses, names, seeds["RandomSearch"], budget)
    lines = ["| task | " + " | ".join(methods) + " |", "|---" * (len(methods) + 1) + "|"]
    table = np.array(
        [[trials_to_target(courses, m, t, seeds[m], goals[t]) for m in methods] for t in names]
    )
    for name, row in zip(names, table, strict=True):
        cells = [f"{n:.0f}" if np.isfinite(n) else f"over {budget}" for n in row]
        mark = " (held out)" if name in held_out else ""
        lines.append(f"| {name}{mark} | " + " | ".join(cells) + " |")
    medians = np.median(table, axis=0)
    cells = [f"**{n:g}**" if np.isfinite(n) else f"over {budget}" for n in medians]
    lines.append("| **median of the tasks** | " + " | ".join(cells) + " |")
    return lines, float(medians[methods.index(OURS)])


def overhead_table(overheads: Mapping[str, Any]) -> list[str]:
    at = list(next(iter(overheads.values())))
    lines = ["| | " + " | ".join(at) + " |", "|---" * (len(at) + 1) + "|"]
    for method, found in overheads.items():
        cells = [" / ".join(f"{value:.3g}" for value in found[n]) for n in at]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return lines


def write_page(lines: list[str]) -> None:
    """Puts the lines between their marks in the page, the rest as it was."""
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text("\n".join([before + BEGIN, *lines, END]) + rest.partition(END)[2])
