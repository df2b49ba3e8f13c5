"""One start of a program: a process of its own, which may be killed and started again."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import keras

from kerasrecipes.callbacks import Resume
from kerasrecipes.checkpoints import CheckpointError, CheckpointStore
from kill_programs.ends import end_of, write_end
from kill_programs.program import Program
from kill_programs.sources import STEPS
from kill_programs.watch import Told, ToldStore, Watch

FINISHED, REFUSED, PREEMPTED = 0, 3, 75
SEED = 7


class ResumeFrom(Resume):
    """`Resume` with a store of the benchmark's own, for which it has no argument."""

    def __init__(self, store: CheckpointStore, **options: Any) -> None:
        super().__init__(store.directory, keep=store.keep, sink=print, **options)
        self._store = store

    def _put(self, number: int, state: Any, by_hand: bool) -> None:
        super()._put(number, state, by_hand)
        if hasattr(self._store, "was_put"):
            self._store.was_put(number, state)


def train(program: Program, folder: Path, watch: Watch, store: CheckpointStore) -> None:
    """What a user's script does: a seed, a model, data, callbacks, `fit`; then the end, to a file.

    Args:
        program: What is trained.
        folder: Of the run.
        watch: Is told what it does.
        store: Where `Resume` keeps its checkpoints.
    """
    keras.utils.set_random_seed(SEED)
    model = program.model()
    callbacks = program.callbacks(folder)
    resume = ResumeFrom(store, every_steps=program.every_steps, every_epochs=program.every_epochs)
    history = model.fit(
        **program.source(),
        epochs=program.epochs,
        callbacks=[Told(watch, STEPS), *callbacks, resume],
        verbose=0,
    )
    if hasattr(store, "write_findings"):
        store.write_findings(folder / "faults.json")
    write_end(folder / "end.json", end_of(history, callbacks, folder))


def start(
    program: Program, folder: Path, watch: Watch, store: CheckpointStore | None = None
) -> multiprocessing.Process:
    """Starts a training from this process, which has imported all and run nothing."""
    watch.clear()
    if store is None:
        store = ToldStore(folder / "checkpoints", watch)
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_run, args=(program, folder, watch, store))
    process.start()
    return process


def outcome(process: multiprocessing.Process) -> int:
    """Waits for the end of a process: its exit status, or minus the signal it died of."""
    process.join()
    return int(process.exitcode or 0)


def killed(process: multiprocessing.Process) -> int:
    """Ends it as the system does when memory runs out, and waits for it."""
    os.kill(process.pid, signal.SIGKILL)
    return outcome(process)


def checkpoints(folder: Path) -> CheckpointStore:
    """Those of a run, read without faults and without a word."""
    return CheckpointStore(folder / "checkpoints", sink=lambda line: None)


def log_of(folder: Path, lines: int = 3) -> str:
    """The last that a run has said, in one line."""
    said = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    return " / ".join(line.strip() for line in said[-lines:])


def _run(program: Program, folder: Path, watch: Watch, store: CheckpointStore) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    try:
        train(program, folder, watch, store)
    except CheckpointError:
        traceback.print_exc()
        sys.exit(REFUSED)
    finally:
        sys.stdout.flush()
