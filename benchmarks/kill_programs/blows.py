"""A training killed again and again at instants of a plan, until it ends."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from kill_programs.ends import End, differences, read_end
from kill_programs.process import FINISHED, PREEMPTED, log_of, outcome, start
from kill_programs.program import PROGRAMS
from kill_programs.watch import BEGINNING, EPOCH_END, OPERATIONS, PHASES, Watch

EXPECTED = {
    -signal.SIGKILL: "killed",
    -signal.SIGTERM: "ended before there was anything to save",
    PREEMPTED: "saved and ended with status 75",
}
LOOK_SECONDS = 0.0005
BEGINNING_SECONDS = 1.5
DELAY_SECONDS = {"step": 0.02, "validation": 0.02, "end of an epoch": 0.005}
SAVE_OPERATIONS = 150  # about those of a checkpoint
AIMS = {"step": 35, "save": 30, "validation": 10, "end of an epoch": 20, "beginning": 5}  # of 100


class Blow(NamedTuple):
    """One planned kill.

    Attributes:
        aim: One of `AIMS`.
        position: Steps of the whole training before which it does not fall.
        chance: Number in [0, 1): how long after that.
        signal: What is sent.
    """

    aim: str
    position: int
    chance: float
    signal: int = signal.SIGKILL


class Course(NamedTuple):
    """What became of one training.

    Attributes:
        program: Name of the program.
        kills: Of SIGKILL, by where the training stood.
        saves: Of these, by what a save did meanwhile.
        terms: Of SIGTERM, by what the process did.
        wrong: What is not as in the training never killed, or why it was lost; empty if all is
            well.
    """

    program: str
    kills: Counter[str]
    saves: Counter[str]
    terms: Counter[str]
    wrong: list[str]


def plan(kills: int, steps: int, seed: int) -> list[Blow]:
    """Kills spread over a training, and one SIGTERM in the middle, in the order of their places.

    Args:
        kills: Number of SIGKILLs.
        steps: Of the whole training.
        seed: Of their places and aims.
    """
    chance = random.Random(seed)
    aims = chance.choices(list(AIMS), list(AIMS.values()), k=kills)
    blows = [Blow(aim, chance.randrange(steps), chance.random()) for aim in aims]
    blows.append(Blow("step", chance.randrange(1, steps), chance.random(), signal.SIGTERM))
    return sorted(blows, key=lambda blow: blow.position)


def reference(name: str, folder: Path, watch: Watch) -> End:
    """The end of the training that is never killed.

    Raises:
        RuntimeError: If it fails.
    """
    status = outcome(start(PROGRAMS[name], folder, watch))
    if status != FINISHED:
        raise RuntimeError(f"{name} fails by itself: {log_of(folder)}")
    return read_end(folder / "end.json")


def killed_again_and_again(name: str, folder: Path, kills: int, seed: int, until: float) -> Course:
    """Trains once undisturbed, and once through the kills of a plan; compares the two.

    Args:
        name: Of the program.
        folder: For both.
        kills: Planned SIGKILLs.
        seed: Of the plan.
        until: Time (`time.monotonic`) after which no more kills are made.
    """
    watch, program = Watch(), PROGRAMS[name]
    expected, place = reference(name, folder / "whole", watch), folder / "killed"
    course = Course(name, Counter(), Counter(), Counter(), [])
    for blow in [*plan(kills, 1 + watch.position, seed), None]:
        if blow is not None and time.monotonic() > until:
            continue
        process = start(program, place, watch)
        has_fallen = blow is not None and _strike(process, watch, blow)
        status = outcome(process)
        if status == FINISHED:
            course.wrong.extend(differences(expected, read_end(place / "end.json")))
            return course
        if not has_fallen or status not in EXPECTED:
            break
        _count(course, watch, status)
    course.wrong.append(f"lost, status {status}: {log_of(place)}")
    return course


def _count(course: Course, watch: Watch, status: int) -> None:
    if status != -signal.SIGKILL:
        course.terms[EXPECTED[status]] += 1
        return
    course.kills[PHASES[watch.phase]] += 1
    if watch.operation:
        course.saves[OPERATIONS[watch.operation - 1]] += 1


def _strike(process: multiprocessing.Process, watch: Watch, blow: Blow) -> bool:
    """Waits for the instant and kills the process; False if it has ended before."""
    if not _wait(process, watch, blow):
        return False
    os.kill(process.pid, blow.signal)
    return True


def _wait(process: multiprocessing.Process, watch: Watch, blow: Blow) -> bool:
    if blow.aim == "beginning":
        time.sleep(blow.chance * BEGINNING_SECONDS)
        return process.is_alive()
    if not _look(process, lambda: watch.phase != BEGINNING and watch.position >= blow.position):
        return False
    if blow.aim == "save":
        last = watch.operations + 1 + int(blow.chance * SAVE_OPERATIONS)
        return _look(process, lambda: watch.operations >= last)
    phases = [PHASES.index(blow.aim)]
    if blow.aim == "validation":
        phases.append(EPOCH_END)  # of trainings without
    if not _look(process, lambda: watch.phase in phases):
        return False
    time.sleep(blow.chance * DELAY_SECONDS[blow.aim])
    return process.is_alive()


def _look(process: multiprocessing.Process, has_come) -> bool:
    """Returns True as soon as it has come, False if the process has ended."""
    while not has_come():
        if not process.is_alive():
            return False
        time.sleep(LOOK_SECONDS)
    return True
