"""A training whose saves fail, or die, at every operation in turn."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from kill_programs.ends import differences, read_end
from kill_programs.faulty_store import FAULTS, Dying, FaultyStore, digest
from kill_programs.process import FINISHED, checkpoints, log_of, outcome, start
from kill_programs.program import FAULTY
from kill_programs.watch import Watch

FINDINGS = "faults.json"


class Faults(NamedTuple):
    """What became of one training.

    Attributes:
        kind: Of the faults.
        struck: Faults by the name of the operation.
        wrong: What was not as it must be; empty if all is well.
    """

    kind: str
    struck: Counter[str]
    wrong: list[str]


def calm(folder: Path, epochs: int) -> dict[str, Any]:
    """The training without faults.

    Returns:
        Its `end`, what was `saved` under each number, and the `operations` of a save.
    """
    program, watch = FAULTY._replace(epochs=epochs), Watch()
    status = outcome(start(program, folder, watch, FaultyStore(folder / "checkpoints")))
    if status != FINISHED:
        raise RuntimeError(f"the training for faults fails by itself: {log_of(folder)}")
    return {"end": read_end(folder / "end.json"), **_findings(folder)}


def in_turn(
    kind: str, folder: Path, epochs: int, expected: dict[str, Any], is_whole: bool = True
) -> Faults:
    """Trains with a fault in each save, one operation later each time, and once more from the end.

    Args:
        kind: One of `FAULTS`.
        folder: Of the run.
        epochs: How many.
        expected: From `calm`.
        is_whole: Whether it is wrong if the training ends before every operation has failed.
    """
    program, watch = FAULTY._replace(epochs=epochs), Watch()
    store = FaultyStore(folder / "checkpoints", FAULTS[kind])
    status = outcome(start(program, folder, watch, store))
    if status != FINISHED:
        return Faults(kind, Counter(), [f"lost, status {status}: {log_of(folder)}"])
    found = _findings(folder)
    wrong = found["wrong"] + differences(expected["end"], read_end(folder / "end.json"))
    if is_whole and not found["is_through"]:
        wrong.append("the training ended before every operation of a save had failed")
    return Faults(kind, Counter(found["struck"]), wrong + _gone_on(program, folder, expected))


def deaths(number: int, folder: Path, epochs: int, expected: dict[str, Any], seed: int) -> Faults:
    """Processes that die by SIGKILL at one operation of their first save, one after the other.

    Args:
        number: Of deaths: first at what is no write, once each, then at writes chosen at random.
        folder: Of the run.
        epochs: How many.
        expected: From `calm`.
        seed: Of the choice.
    """
    program, watch, chance = FAULTY._replace(epochs=epochs), Watch(), random.Random(seed)
    names, struck, wrong = expected["operations"], Counter(), []
    writes = [at for at, name in enumerate(names) if name == "write"]
    others = [at for at, name in enumerate(names) if name not in ("write", "names", "is_folder")]
    places = [*chance.sample(others, min(len(others), number)), *chance.choices(writes, k=number)]
    newest = 0
    for at in places[:number]:
        store = FaultyStore(folder / "checkpoints", lambda _, at=at: Dying(at))
        status = outcome(start(program, folder, watch, store))
        if status != -signal.SIGKILL:
            wrong.append(f"lost at {names[at]}, status {status}: {log_of(folder)}")
            break
        struck[names[at]] += 1
        found = checkpoints(folder).newest()
        before, newest = newest, 0 if found is None else found.number
        if newest < before:
            wrong.append(f"{names[at]}: checkpoint {newest} after {before}")
        elif found is not None and digest(found.state) != expected["saved"][str(newest)]:
            wrong.append(f"{names[at]}: checkpoint {newest} is another state")
    return Faults("killed there", struck, wrong + _gone_on(program, folder, expected))


def _gone_on(program: Any, folder: Path, expected: dict[str, Any]) -> list[str]:
    """What is wrong with the end that a start without faults comes to."""
    status = outcome(start(program, folder, Watch()))
    if status != FINISHED:
        return [f"lost afterwards, status {status}: {log_of(folder)}"]
    return differences(expected["end"], read_end(folder / "end.json"))


def _findings(folder: Path) -> dict[str, Any]:
    return json.loads((folder / FINDINGS).read_text(encoding="utf-8"))
