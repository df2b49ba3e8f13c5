"""Trainings killed again and again, on disks that fail: do they end as if nothing had been?

    KERAS_BACKEND=tensorflow python benchmarks/kill.py [--kills 100] [--minutes 8] [--write]

Each program of `kill_programs/program.py` is trained once undisturbed, and once in processes that
SIGKILL, and once SIGTERM, end at random instants: within steps, validation, ends of epochs, and
operations of a save, which are slowed down for that. Weights, optimizer, history, states of
callbacks, files and the random numbers drawn afterwards must be those of the undisturbed training,
to the bit.

Then saves fail, or die, at every operation in turn while a training goes on, and files of a killed
training are cut short or get a bit flipped: the newest whole checkpoint must be used, or, if there
is none, the directory be refused.

Processes are forked from one that has imported everything and run nothing. Exit status 1 if a
training ends differently, is lost, or if there was no time for as many kills as asked for.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow  # noqa: F401 - for the forked processes; `tf.data` needs it on JAX too
from kill_programs import corruption, faults
from kill_programs.blows import Course, killed_again_and_again
from kill_programs.corruption import Corruption
from kill_programs.faults import Faults
from kill_programs.faulty_store import FAULTS
from kill_programs.page import Found, result_lines, write_page
from kill_programs.program import PROGRAMS

PARTS = ("faults", "damages")
MOST_TOLD = 50  # differences
RESERVE = 1.25  # kills planned for one asked for: some trainings end before
QUICK = ("PyDataset",)


def main(arguments: list[str] | None = None) -> int:
    options = parsed(arguments)
    begun = time.monotonic()
    context = multiprocessing.get_context("fork")
    with (
        tempfile.TemporaryDirectory() as root,
        ProcessPoolExecutor(options.processes, mp_context=context) as pool,
    ):
        keep_compilations(Path(root, "compiled"))
        jobs = {"faults": failing_disks, "damages": damaged_disks}
        disks = [
            pool.submit(jobs[part], Path(root, part), options) if part in options.parts else None
            for part in jobs
        ]
        until = begun + 60 * options.minutes
        courses = list(killed(pool, Path(root), options, until))
        found = Found(courses, *([] if each is None else each.result() for each in disks))
    for line in result_lines(found) + found.wrong[:MOST_TOLD]:
        print(line)
    print(f"{time.monotonic() - begun:.0f} s on {keras.backend.backend()}")
    if found.kills < options.kills:
        print(f"only {found.kills} kills of {options.kills}: give more --minutes")
    if options.write:
        write_page(found, f"python benchmarks/kill.py --kills {options.kills}")
    print(result_lines(found)[-1].strip("*"))
    return 1 if found.wrong or found.kills < options.kills else 0


def killed(pool: ProcessPoolExecutor, root: Path, options, until: float) -> Iterator[Course]:
    """Every program, then some of them again, until there are kills enough or time is over."""
    names = [name for name in PROGRAMS if name in (options.only or PROGRAMS)]
    each = max(1, round(RESERVE * options.kills / len(names)))
    running: set[Future[Course]] = set()
    made = 0
    for number in itertools.count():
        is_short = made + each * len(running) < options.kills and time.monotonic() < until
        if number < len(names) or is_short:
            name, seed = names[number % len(names)], options.seed + number
            folder = root / str(number)
            running.add(pool.submit(killed_again_and_again, name, folder, each, seed, until))
            continue
        if not running:
            return
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for course in (future.result() for future in done):
            end = f"{len(course.wrong)} differences" if course.wrong else "identical"
            print(f"{course.program}: {course.kills.total()} kills, {end}", flush=True)
            made += course.kills.total()
            yield course


def failing_disks(root: Path, options) -> list[Faults]:
    """A training with faults of each kind at every operation, and one that dies there."""
    epochs, deaths = (
        (2, 1) if options.quick else (50, 40)
    )  # 6 saves an epoch, of some 230 operations
    kinds = ("EIO",) if options.quick else FAULTS
    calm = faults.calm(root / "calm", epochs)
    found = [faults.in_turn(kind, root / kind, epochs, calm, not options.quick) for kind in kinds]
    return [*found, faults.deaths(deaths, root / "deaths", epochs, calm, options.seed)]


def damaged_disks(root: Path, options) -> list[Corruption]:
    """Directories of a killed training, damaged at random."""
    read, started = (20, 1) if options.quick else (240, 20)
    end = faults.calm(root / "calm", faults.FAULTY.epochs)["end"]
    folder = corruption.killed_run(root / "killed")
    return [
        corruption.read_again(folder, read, options.seed),
        corruption.started_again(folder, end, started, options.seed),
    ]


def keep_compilations(folder: Path) -> None:
    """Lets the processes of one run share what XLA has compiled, which takes most of their time."""
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100, help="at least so many SIGKILLs")
    parser.add_argument("--seed", type=int, default=0, help="of instants and damages")
    parser.add_argument("--minutes", type=float, default=8.0, help="after which no kill is begun")
    parser.add_argument("--processes", type=int, default=2, help="trainings at the same time")
    parser.add_argument("--only", action="append", choices=PROGRAMS, help="these programs alone")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS, help="beside kills")
    parser.add_argument("--quick", action="store_true", help="one program, a few faults")
    parser.add_argument("--write", action="store_true", help="the tables into docs/results.md")
    options = parser.parse_args(arguments)
    if options.quick:
        options.kills, options.only = min(options.kills, 2), options.only or list(QUICK)
    return options


if __name__ == "__main__":
    sys.exit(main())
