"""Runs the recipes whose script has changed, and keeps what they measured for the site.

    python -m docs.site.run_recipes [--all] [--quick] [NAME ...]

Each runs in a process of its own, in its full mode; its numbers and figures go to
`docs/topics/NAME`, with the digest of the script that made them. Exit status 1 if a claim of one
does not hold. With `--quick` all run in their quick mode, and only how long each takes is kept. The
table of `docs/results.md` is made of both.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.pages.section import write_section

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "recipes"
TOPICS = ROOT / "docs" / "topics"
QUICK = ROOT / "docs" / "site" / "quick_seconds.json"


def main(arguments: list[str] | None = None) -> int:
    """Runs those that are asked for, else those that have changed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: those that have changed")
    parser.add_argument("--all", action="store_true", help="run every recipe again")
    parser.add_argument("--quick", action="store_true", help="time their quick modes")
    options = parser.parse_args(arguments)
    known = sorted(path.stem for path in RECIPES.glob("[a-z]*.py"))
    unknown = set(options.names) - set(known)
    if unknown:
        parser.error(
            f"there is no recipe {', '.join(sorted(unknown))}: they are {', '.join(known)}"
        )
    every = options.all or options.quick
    names = options.names or [name for name in known if every or not is_current(name)]
    failed = [name for name in names if run(name, options.quick) != 0]
    write_section("the recipes", table())
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def is_current(name: str) -> bool:
    """Whether the kept result was made by the script as it is now."""
    path = TOPICS / name / "result.json"
    if not path.is_file():
        return False
    made_by = json.loads(path.read_text(encoding="utf-8"))["source_sha256"]
    return made_by == hashlib.sha256((RECIPES / f"{name}.py").read_bytes()).hexdigest()


def table() -> list[str]:
    """What the kept results say, a line a recipe."""
    seconds = _quick_seconds()
    lines = ["| recipe | claims | full | quick | quick, processor |", "|---|---|---|---|---|"]
    for path in sorted(TOPICS.glob("*/result.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        claims = result["claims"]
        held = sum(claim["holds"] for claim in claims)
        holds = "all hold" if held == len(claims) else f"{held} hold"
        name, quick = path.parent.name, seconds.get(path.parent.name, ("not measured",) * 2)
        cells = [f"{each:.0f} s" if isinstance(each, float) else each for each in quick]
        told = f"{len(claims)}, {holds} | {result['seconds']:.0f} s"
        lines.append(f"| {name} | {told} | {' | '.join(cells)} |")
    return lines


def _quick_seconds() -> dict[str, list[float]]:
    return json.loads(QUICK.read_text(encoding="utf-8")) if QUICK.is_file() else {}


def run(name: str, quick: bool = False) -> int:
    """Runs one, and says how long it took; its report is not kept, the site shows the same."""
    begun, worked = time.perf_counter(), _processor_seconds()
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, str(RECIPES / f"{name}.py"), "--out", out]
        command += ["--quick"] if quick else []
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if not quick:
            _keep(Path(out), TOPICS / name)
    seconds, worked = time.perf_counter() - begun, _processor_seconds() - worked
    told = f"{seconds:.0f} s, {worked:.0f} s of a processor"
    print(f"{name}: exit status {ended.returncode}, {told}", flush=True)
    if quick:
        kept = _quick_seconds() | {name: [round(seconds, 1), round(worked, 1)]}
        QUICK.write_text(json.dumps(dict(sorted(kept.items())), indent=1) + "\n", encoding="utf-8")
    if ended.returncode:
        print(ended.stdout[-2000:], ended.stderr[-2000:], sep="\n")
    return ended.returncode


def _processor_seconds() -> float:
    """Of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _keep(out: Path, folder: Path) -> None:
    """Puts the result and the figures of a run in the place of those of the last one."""
    if not (out / "result.json").is_file():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in (*out.glob("*.svg"), *out.glob("*.png"), out / "result.json"):
        shutil.copy(file, folder)


if __name__ == "__main__":
    sys.exit(main())
