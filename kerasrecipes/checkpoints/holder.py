"""Who holds a directory, as the file of its lock tells."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import socket
import sys
from pathlib import Path
from typing import NamedTuple

LONGEST_TEXT = 200
SYNCHRONIZE = 0x00100000  # Windows: the right to wait for a process to end


class Holder(NamedTuple):
    """A process.

    Attributes:
        pid: Its number on its machine.
        host: The machine's name.
        program: What it runs.
        since: When it took the directory, in ISO 8601.
        started: When it was started, as its machine counts; "" where that is not told. It tells a
            process from a later one of the same number.
    """

    pid: int
    host: str
    program: str
    since: str
    started: str = ""

    @classmethod
    def this_process(cls) -> Holder:
        """The process that runs this."""
        program = Path(sys.argv[0]).name if sys.argv else ""
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        texts = map(_line, (socket.gethostname(), program or "python", now, _started(os.getpid())))
        return cls(os.getpid(), *texts)

    @classmethod
    def from_text(cls, text: str) -> Holder | None:
        """The process that a file tells of; None if it tells of none."""
        try:
            told = json.loads(text)
            pid, texts = int(told["pid"]), [told[name] for name in cls._fields[1:]]
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        if pid <= 0:  # would mean other processes than one
            return None
        return cls(pid, *map(_line, texts))

    def to_text(self) -> str:
        """The text of the file."""
        return json.dumps(self._asdict())

    def may_live(self) -> bool:
        """Whether the process may be there still; of another machine that is not known."""
        if self.host != _line(socket.gethostname()):
            return True
        return _lives(self.pid) and self.started in ("", _started(self.pid))

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} ({self.program}, since {self.since})"


def _line(text: object) -> str:
    """What anyone may have written, fit for a message."""
    return " ".join(str(text)[:LONGEST_TEXT].split())


def _started(pid: int) -> str:
    """The start of a process in ticks since the machine's, where Linux tells it."""
    with contextlib.suppress(OSError, IndexError):
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()[19]
    return ""


def _lives(pid: int) -> bool:
    if sys.platform == "win32":  # a signal would end it there
        return _lives_on_windows(pid)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True


def _lives_on_windows(pid: int) -> bool:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(SYNCHRONIZE, False, pid)
    if not handle:
        return False
    ended = kernel.WaitForSingleObject(handle, 0) == 0
    kernel.CloseHandle(handle)
    return not ended
