"""The processes of a sweep: started, watched, and started again when they die."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from kerasrecipes.tuning.distributed import guarded_tuner, parent, worker_link
from kerasrecipes.tuning.distributed.atomic import unwritable
from kerasrecipes.tuning.distributed.errors import SweepError
from kerasrecipes.tuning.distributed.run_script import REFUSED

DEATHS = 10  # of one member by signals, without a trial ended meanwhile: then it is given up
FAILURES = 3  # the same for exceptions of the script
STOP_SECONDS = 5.0
LOG_LINES = 5
CHIEF, ALONE = "chief", "search"


class Process(Protocol):
    """A running script, here or elsewhere."""

    def poll(self) -> int | None:
        """Its exit status; negative for a signal, None while it runs."""

    def terminate(self) -> None:
        """Asks it to end."""

    def kill(self) -> None:
        """Ends it."""


class Runner(Protocol):
    """Starts scripts."""

    def start(self, environment: Mapping[str, str], log: Path) -> Process:
        """Starts the script with more environment variables, its output appended to a file."""


class LocalRunner:
    """Starts a script in processes of this machine, which end with this one.

    Args:
        script: The script.
        arguments: Of its command line.
    """

    def __init__(self, script: Path, arguments: Sequence[str]) -> None:
        self.command = [
            sys.executable,
            "-m",
            "kerasrecipes.tuning.distributed.run_script",
            str(script),
            *arguments,
        ]

    def start(self, environment: Mapping[str, str], log: Path) -> Process:
        """Starts the script.

        Raises:
            StoreError: If the log cannot be written, or is a link to somewhere else.
        """
        own = {parent.PARENT: str(os.getpid()), "PYTHONUNBUFFERED": "1"}
        with _appended(log) as output:
            return subprocess.Popen(
                self.command,
                env={**os.environ, **own, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the launcher alone, which ends them
            )


def _appended(log: Path) -> BinaryIO:
    """The log, open to append to; a link is refused, for what it points to is somewhere else."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        return os.fdopen(os.open(log, flags, 0o666), "ab")
    except OSError as error:
        raise unwritable(log.parent, error) from error


class Member:
    """One member of a sweep: the chief, a worker, or a script that searches alone.

    Args:
        name: `chief`, `tuner0` ..., or `search`.
        runner: Starts its script.
        environment: Its variables.
        log: File of its output.
    """

    def __init__(
        self, name: str, runner: Runner, environment: Mapping[str, str], log: Path
    ) -> None:
        self.name, self.runner, self.log = name, runner, log
        self.environment = dict(environment)
        self.restarts = 0
        self.session = ""
        self._setbacks, self._progress = 0, -1
        self._process: Process | None = None
        self._status: int | None = None

    @property
    def is_worker(self) -> bool:
        """Whether it runs trials for a chief."""
        return self.name not in (CHIEF, ALONE)

    @property
    def pid(self) -> int | None:
        """Of its process, where that is on this machine."""
        return getattr(self._process, "pid", None)

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs or waits to be started again."""
        return self._status

    def start(self) -> None:
        """Starts its process, as a new session."""
        self.session = f"{self.name}/{uuid.uuid4().hex[:8]}"
        environment = {**self.environment, worker_link.SESSION: self.session}
        if self.restarts:
            environment[guarded_tuner.RESUMED] = "1"
        self._process = self.runner.start(environment, self.log)

    def mend_status(self) -> None:
        """Notes that it has ended, however: nothing is left to do for it."""
        if self._process is not None and self._process.poll() is not None:
            self._status = 0

    def mend(self, progress: int) -> bool:
        """Starts it again if it has died; returns whether it had.

        Args:
            progress: Number of trials that have ended: while it grows, deaths are forgiven.

        Raises:
            SweepError: If it dies again and again, or refuses to go on.
        """
        if self._process is None or self._status is not None:
            return False
        status = self._process.poll()
        if status is None:
            return False
        if status in (0, REFUSED):
            self._status = status
            return False
        self._setbacks = self._setbacks + 1 if progress == self._progress else 1
        self._progress = progress
        if self._setbacks >= (DEATHS if status < 0 else FAILURES):
            raise SweepError(
                f"{self.name} ended with status {status} {self._setbacks} times and no trial was "
                f"finished meanwhile: {self.last_words()} (log: {self.log})"
            )
        self.restarts += 1
        self.start()
        return True

    def stop(self) -> None:
        """Asks its process to end, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """Ends its process, if it still runs after a few seconds."""
        until = time.monotonic() + STOP_SECONDS
        while self._process is not None and self._process.poll() is None:
            if time.monotonic() > until:
                self._process.kill()
                until += STOP_SECONDS
            time.sleep(0.05)

    def last_words(self) -> str:
        """The last line that it wrote, which of an exception is its message."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - 4000))
                lines = file.read().decode(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1].strip() if lines else "it wrote nothing"
