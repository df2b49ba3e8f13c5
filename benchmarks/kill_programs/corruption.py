"""Bits flipped and files cut short between a kill and the next start."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from kerasrecipes.checkpoints import CheckpointError, CheckpointStore
from kill_programs.ends import End, differences, read_end
from kill_programs.faulty_store import digest
from kill_programs.process import FINISHED, REFUSED, checkpoints, killed, log_of, outcome, start
from kill_programs.program import FAULTY
from kill_programs.watch import Watch

KEEP = 3
KILL_AT = 16  # steps, in the third epoch of five
NEWEST, OLDER, REFUSAL = "newest", "an older one", "refused"


class Corruption(NamedTuple):
    """What became of damaged directories.

    Attributes:
        title: What was done with them.
        found: How many times the newest checkpoint was used, an older one, or none.
        wrong: What was not as it must be; empty if all is well.
    """

    title: str
    found: Counter[str]
    wrong: list[str]


def killed_run(folder: Path) -> Path:
    """A directory as a training leaves it that is killed in the middle, with three checkpoints."""
    watch = Watch()
    store = CheckpointStore(folder / "checkpoints", keep=KEEP)
    process = start(FAULTY, folder, watch, store)
    while process.is_alive() and not (
        watch.position >= KILL_AT and len(_folders(folder)) >= KEEP  # saves may lag behind
    ):
        process.join(0.001)
    status = killed(process)
    if len(_folders(folder)) < KEEP:
        raise RuntimeError(f"the training to damage has ended, status {status}: {log_of(folder)}")
    return folder


def read_again(folder: Path, cases: int, seed: int) -> Corruption:
    """Damages copies of a directory and has the store read them."""
    result = Corruption("read by the store", Counter(), [])
    states = {path.name: digest(_read_alone(folder, path)) for path in _folders(folder)}
    for case in range(cases):
        copy = folder.with_name(f"{folder.name}-{case}")
        shutil.copytree(folder, copy)
        damage = damaged(copy, random.Random(f"{seed} {case}"))
        whole = [name for name in sorted(states, reverse=True) if name not in damage]
        try:
            found = checkpoints(copy).newest()
        except CheckpointError:
            result.found[REFUSAL] += 1
            if whole:
                result.wrong.append(f"refused, though {whole[0]} is whole: {damage}")
        else:
            _judge(result, states, whole, found, damage)
        shutil.rmtree(copy)
    return result


def started_again(folder: Path, end: End, cases: int, seed: int) -> Corruption:
    """Damages copies of a directory and starts the training on them.

    Args:
        folder: Of the training that was killed.
        end: Of the training that was not.
        cases: How many.
        seed: Of the damage.
    """
    result = Corruption("the training started again", Counter(), [])
    names = sorted((path.name for path in _folders(folder)), reverse=True)
    for case in range(cases):
        copy = folder.with_name(f"{folder.name}-again-{case}")
        shutil.copytree(folder, copy)
        damage = damaged(copy, random.Random(f"again {seed} {case}"))
        whole = [name for name in names if name not in damage]
        status = outcome(start(FAULTY, copy, Watch(), CheckpointStore(copy / "checkpoints", KEEP)))
        if status == FINISHED and whole:
            result.found[NEWEST if whole[0] == names[0] else OLDER] += 1
            result.wrong.extend(differences(end, read_end(copy / "end.json")))
        elif status == REFUSED and not whole:
            result.found[REFUSAL] += 1
        else:
            result.wrong.append(f"status {status}, whole {whole}: {log_of(copy)}")
    return result


def damaged(folder: Path, chance: random.Random) -> dict[str, str]:
    """Damages one to four files of checkpoints at random places.

    Returns:
        What was done, by the name of the checkpoint.
    """
    done = {}
    files = sorted(path for each in _folders(folder) for path in each.iterdir())
    for path in chance.sample(files, chance.choice((1, 1, 2, 4))):
        content = bytearray(path.read_bytes())
        place = chance.randrange(len(content))
        if chance.random() < 0.5:
            content[place] ^= 1 << chance.randrange(8)
        else:
            del content[place:]
        path.write_bytes(content)
        done[path.parent.name] = f"{path.name} at {place}, now {len(content)} long"
    return done


def _judge(result: Corruption, states: dict[str, str], whole: list[str], found, damage) -> None:
    used = "nothing" if found is None else found.path.name
    if used not in whole[:1] or digest(found.state) != states[used]:
        result.wrong.append(f"{used} was used, whole are {whole}: {damage}")
        return
    result.found[NEWEST if used == max(states) else OLDER] += 1


def _folders(folder: Path) -> list[Path]:
    return sorted((folder / "checkpoints").glob("checkpoint-*"))


def _read_alone(folder: Path, path: Path) -> dict:
    """The state in one checkpoint, read while it is the only one there."""
    alone = folder.with_name("alone") / "checkpoints"
    shutil.copytree(path, alone / path.name)
    state = checkpoints(alone.parent).newest().state
    shutil.rmtree(alone.parent)
    return state
