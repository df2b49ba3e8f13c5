"""Searches from coarse to fine beside keras-tuner's and Optuna's, on functions and on tables.

    python benchmarks/search.py [--seeds 30] [--only METHOD] [--processes 2] [--write] [--pack]
    python benchmarks/search.py --quick             3 seeds, the fast methods
    python benchmarks/search.py --overhead          milliseconds per trial, by trials
    python benchmarks/search.py --make-tables       trains the tables again (minutes)

Every search is kept in a file under `--kept`, so that a run broken off goes on; `--pack` puts those
of the other methods into `search_tasks/courses.tar.xz`, which is read: they do not depend on
this library's code. (Delete it to do them again.) The slow methods may have fewer seeds by
`--slow-seeds`: all are then ranked on those, and the fast ones on all of theirs. The last lines are
the goals.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import zlib
from functools import cache
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core for each process
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

from search_tasks import synthetic, tables
from search_tasks.kept import Kept, name_of
from search_tasks.make_tables import EPOCHS, MNIST, make_table
from search_tasks.methods import METHODS, OURS, is_at_hand, run
from search_tasks.overhead import overheads
from search_tasks.page import overhead_table, result_lines, write_page
from search_tasks.ranking import Courses

BUDGETS = (20, 40, 80)
SLOW = ("BayesianOptimization", "Optuna GP")
TUNING = Path(__file__).resolve().parents[1] / "kerasrecipes" / "tuning"
OUR_PARTS = ("coarse_design", "coarse_to_fine_oracle", "evidence", "proposals", "rounds", "scales",
             "surrogate")  # fmt: skip


def main() -> int:
    options = parsed()
    if options.make_tables:
        return make_tables()
    methods = [m for m in METHODS if (not options.only or m in options.only) and is_at_hand(m)]
    if options.quick:
        methods = [method for method in methods if method not in SLOW]
    for method in METHODS:
        if not is_at_hand(method):
            print(f"{method} is left out: it needs `pip install kerasrecipes[bench]`.")
    kept = Path(options.kept)
    if options.overhead:
        measure_overheads(methods, kept)
    else:
        search(methods, options, kept)
    lines, met = result_lines(gather(options), overheads_kept(kept), BUDGETS)
    print("\n".join(lines))
    if options.write:
        write_page(lines)
    if options.pack:
        Kept(kept).pack(names_of([method for method in METHODS if method != OURS], options.seeds))
    return 0 if met or options.quick else 1


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--slow-seeds", type=int, help="of the slow methods; as many by default")
    parser.add_argument("--only", action="append", choices=METHODS)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    default = Path(tempfile.gettempdir()) / "kerasrecipes-search"
    parser.add_argument("--kept", default=str(default), help="folder of the searches done")
    for flag in ("quick", "overhead", "make-tables", "write", "pack"):
        parser.add_argument(f"--{flag}", action="store_true")
    options = parser.parse_args()
    options.seeds = 3 if options.quick else options.seeds
    options.slow_seeds = min(options.slow_seeds or options.seeds, options.seeds)
    Path(options.kept).mkdir(parents=True, exist_ok=True)
    return options


def make_tables() -> int:
    for name in EPOCHS:
        if name == "mnist10k" and not MNIST.is_file():
            print(f"{name} is left out: `{MNIST.name}` is not at hand; KR_MNIST tells where it is.")
            continue
        make_table(name)
    return 0


def all_tasks() -> dict:
    return {task.name: task for task in (*synthetic.tasks(), *tables.tasks())}


def search(methods: list[str], options: argparse.Namespace, kept: Path) -> None:
    """Does the searches that are not kept yet, the first seeds first."""
    done, jobs = Kept(kept), []
    for seed in range(options.seeds):
        for method in methods:
            if method in SLOW and seed >= options.slow_seeds:
                continue
            for task in all_tasks():
                for budget in budgets_of(method):
                    if not done.has(file_of(method, task, seed, budget)):
                        jobs.append((str(kept), method, task, seed, budget))
    with get_context("spawn").Pool(options.processes) as pool:
        for done, job in enumerate(pool.imap_unordered(do, jobs), 1):
            if done % 50 == 0 or done == len(jobs):
                print(f"{done} of {len(jobs)} searches, {job}", file=sys.stderr, flush=True)


def do(job: tuple[str, str, str, int, int]) -> str:
    kept, method, task, seed, budget = job
    course = run(method, all_tasks()[task], seed, budget)
    Kept(Path(kept)).save(file_of(method, task, seed, budget), course)
    return f"{method} on {task}"


def budgets_of(method: str) -> tuple[int, ...]:
    """Ours is told how many trials there will be; the others are the same at each budget."""
    return BUDGETS if method == OURS else BUDGETS[-1:]


def file_of(method: str, task: str, seed: int, budget: int) -> str:
    """The name of a search; ours holds for its sources only."""
    version = f"-{fingerprint():08x}" if method == OURS else ""
    return name_of(f"{method}{version}", task, seed, budget)


def names_of(methods: list[str], seeds: int) -> list[str]:
    return [
        file_of(method, task, seed, budget)
        for method in methods
        for task in all_tasks()
        for seed in range(seeds)
        for budget in budgets_of(method)
    ]


@cache
def fingerprint() -> int:
    return zlib.crc32(b"".join((TUNING / f"{part}.py").read_bytes() for part in OUR_PARTS))


def gather(options: argparse.Namespace) -> Courses:
    """All searches kept, of any method."""
    kept, found = Kept(Path(options.kept)), {}  # type: ignore[var-annotated]
    for method in METHODS:
        for task in all_tasks():
            for seed in range(options.seeds):
                names = {b: file_of(method, task, seed, b) for b in budgets_of(method)}
                if all(map(kept.has, names.values())):
                    by_budget = {budget: kept.load(name) for budget, name in names.items()}
                    found.setdefault(method, {}).setdefault(task, {})[seed] = by_budget
    return found


def measure_overheads(methods: list[str], kept: Path) -> None:
    task = synthetic.tasks()[1]
    found = overheads_kept(kept)
    for method in methods:
        found[method] = {str(at): each for at, each in overheads(method, task).items()}
        (kept / "overhead.json").write_text(json.dumps(found))
        print("\n".join(overhead_table({method: found[method]})[2:]), flush=True)


def overheads_kept(kept: Path) -> dict:
    path = kept / "overhead.json"
    return json.loads(path.read_text()) if path.exists() else {}


if __name__ == "__main__":
    sys.exit(main())
