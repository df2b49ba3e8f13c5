"""One program with or without one fault; what is known of it is kept on disk."""

from __future__ import annotations

import hashlib
import json
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from doctor_bench.faults import FAULTS
from doctor_bench.healthy_programs import programs_of
from doctor_bench.program import Program

TASKS_OF_A_PROCESS = 60  # what earlier models leave behind slows the later


class Trial(NamedTuple):
    """One row of the benchmark; no fault is the healthy program."""

    program: str
    fault: str | None
    seed: int

    def made(self) -> Program | None:
        """The program with its fault, or `None` where the fault does not apply."""
        healthy = programs_of("all")[self.program](self.seed)
        if self.fault is None:
            return healthy
        return made_by(self.fault, healthy, self.seed)


def made_by(fault: str, healthy: Program, seed: int) -> Program | None:
    """The program with a fault in it; the same seed gives the same."""
    random = np.random.default_rng([seed, zlib.crc32(fault.encode())])
    return FAULTS[fault].change(healthy, random)


def fingerprint(program: Program) -> str:
    """Of the program's data and arguments: the same program has the same answers."""
    digest = hashlib.sha1(usedforsecurity=False)
    for each in fields(program):
        value = getattr(program, each.name)
        digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    return digest.hexdigest()[:16]


def source_of(package: Path) -> str:
    """Of a package's sources: what the doctor said may change with them."""
    digest = hashlib.sha1(usedforsecurity=False)
    for path in sorted(package.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Kept:
    """Answers by key in a file of lines; a run that was broken off goes on where it was."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        text = path.read_text() if path.is_file() else ""
        self.broken, lines = bool(text) and not text.endswith("\n"), text.splitlines()
        self.answers = dict(json.loads(line) for line in lines if line.endswith("]"))

    def keep(self, key: str, answer: Any) -> None:
        """Remembers one answer now and on disk."""
        self.answers[key] = answer
        with self.path.open("a") as file:
            file.write("\n" * self.broken + json.dumps([key, answer]) + "\n")
        self.broken = False


def answered(
    job: Callable[[Trial, str], tuple[str, Any]],
    argument: str,
    trials: Iterable[Trial],
    kept: Kept,
    key_of: Callable[[Trial], str],
    processes: int,
) -> Iterator[tuple[Trial, Any]]:
    """The answer of each trial, from the file or by running the job in one of the processes."""
    waiting = []
    for trial in trials:
        key = key_of(trial)
        if key in kept.answers:
            yield trial, kept.answers[key]
        else:
            waiting.append((trial, key))
    start, number, done = time.perf_counter(), len(waiting), 0
    # Processes that are replaced after some tasks (`max_tasks_per_child`) may leave the pool empty
    # and waiting, CPython issue 115634: a fresh pool for every so many.
    at_once = TASKS_OF_A_PROCESS * processes
    for begin in range(0, number, at_once):
        part = waiting[begin : begin + at_once]
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            running = {pool.submit(job, trial, argument): (trial, key) for trial, key in part}
            for future in as_completed(running):
                (trial, key), done = running[future], done + 1
                kept.keep(key, future.result())
                minutes = (time.perf_counter() - start) / 60
                said = f"[{done}/{number}, {minutes:.1f} min] {trial.program} "
                said += f"{trial.fault or 'healthy'} seed {trial.seed}: {kept.answers[key]}"
                print(said[:180], flush=True)
                yield trial, kept.answers[key]
