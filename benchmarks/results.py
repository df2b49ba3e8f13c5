"""Runs the main job over data sets and seeds and writes docs/results.md.

    python benchmarks/results.py [--seeds 3] [--mnist PATH] [--only digits]

Each run is a fresh process of `kerasrecipes run`, timed as a whole. MNIST stands in with its 10,000
test images where the file is at hand, and is skipped with a note where it is not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "results.md"
BEGIN, END = "<!-- main job: begin -->", "<!-- main job: end -->"


class Goal(NamedTuple):
    """What a data set must reach: the largest test error, and minutes."""

    test_error: float
    minutes: float
    words: str


GOALS = {
    "digits": Goal(0.03, 3, "error at most 3 %, 3 minutes"),
    "breast_cancer": Goal(0.05, 3, "error at most 5 %"),
    "wine": Goal(0.06, 3, "error at most 6 %"),
    "diabetes": Goal(0.65, 3, "squared error at most 65 % of predicting the mean's"),
    "mnist10k": Goal(0.025, 6, "error at most 2.5 %, 6 minutes"),
}


class Run(NamedTuple):
    """One finished run."""

    seed: int
    result: dict
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--mnist", default=os.environ.get("KR_MNIST", "../shared/data/mnist10k.npz")
    )
    parser.add_argument("--only", choices=list(GOALS), help="one data set, printed and not written")
    options = parser.parse_args()
    rows, met = [], True
    for name, goal in GOALS.items():
        if options.only not in (None, name):
            continue
        data = options.mnist if name == "mnist10k" else name
        if name == "mnist10k" and not Path(data).is_file():
            rows.append(f"| {name} | skipped: `{Path(data).name}` is not at hand | | | | |")
            continue
        runs = [run(data, seed) for seed in range(options.seeds)]
        rows += table_rows(name, goal, runs)
        met &= all(reaches(goal, each) for each in runs)
        print("\n".join(table_rows(name, goal, runs)), flush=True)
    if options.only is None:
        write(rows, options.seeds)
    print("every goal met" if met else "NOT every goal met")
    return 0 if met else 1


def run(data: str, seed: int) -> Run:
    """Runs the main job in a process of its own."""
    command = [sys.executable, "-m", "kerasrecipes", "run", data, "--quiet", "--seed", str(seed)]
    with tempfile.TemporaryDirectory() as out:
        started = time.perf_counter()
        subprocess.run([*command, "--out", out], check=True, capture_output=True)
        seconds = time.perf_counter() - started
        return Run(seed, json.loads((Path(out) / "result.json").read_text()), seconds)


def reaches(goal: Goal, each: Run) -> bool:
    return each.result["test_error"] <= goal.test_error and each.seconds <= 60 * goal.minutes


def table_rows(name: str, goal: Goal, runs: list[Run]) -> list[str]:
    rows = []
    for each in runs:
        low, high = each.result["test_error_interval"]
        rows.append(
            f"| {name} | {each.seed} | {each.result['test_error']:.2%} | {low:.2%} to {high:.2%} | "
            f"{each.seconds:.0f} s | {'yes' if reaches(goal, each) else 'NO'} |"
        )
    average, seconds = mean(r.result["test_error"] for r in runs), mean(r.seconds for r in runs)
    return [*rows, f"| **{name}** | mean | **{average:.2%}** | {goal.words} | {seconds:.0f} s | |"]


def write(rows: list[str], seeds: int) -> None:
    """Puts the table between its marks in the page, the rest as it was."""
    versions = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
    table = "\n".join(
        [
            BEGIN,
            f"`python benchmarks/results.py --seeds {seeds}`: whole processes, {versions}, no GPU.",
            "",
            "| data | seed | test error | 95 % interval (mean row: goal) | time | goal met |",
            "|---|---|---|---|---|---|",
            *rows,
            END,
        ]
    )
    page = PAGE.read_text() if PAGE.exists() else f"# Results\n\n{BEGIN}\n{END}\n"
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(before + table + rest.partition(END)[2])


if __name__ == "__main__":
    sys.exit(main())
