"""One process in a directory at a time."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path

from kerasrecipes.checkpoints.errors import CheckpointError
from kerasrecipes.checkpoints.holder import Holder

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

NAME = ".lock"
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
LOOK_SECONDS = 0.1
CLAIM_SECONDS = 0.05  # after it, who has written the file last is the holder
LONGEST_BYTES = 8192
OPEN_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)

_held: dict[tuple[int, int], Holder] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_held.clear)  # a forked child holds nothing


class DirectoryLock:
    """Keeps a directory for this process; the system frees it when the process ends, however.

    It is a POSIX record lock on the file `.lock`, which tells the holder. Forked children, such as
    workers that load data, do not inherit it, so they cannot keep it when the process was killed.
    (By the rules of POSIX it is also freed when this process opens that file elsewhere and closes
    it.) Where the system or the file system has no such locks, a process counts as the holder
    that the file names, as long as it lives; of another machine that cannot be known.

    Args:
        directory: Path; made with its parents if missing.
        wait_seconds: Float >= 0. How long another holder is waited for. Defaults to 0.0.

    Attributes:
        holder: Who else held it when it was last acquired, in words; None if nobody did.

    Raises:
        ValueError: If `wait_seconds` is negative.

    Example:
    >>> import tempfile
    >>> with DirectoryLock(tempfile.mkdtemp()) as lock:
    ...     lock.waited
    False
    """

    def __init__(self, directory: str | os.PathLike[str], *, wait_seconds: float = 0.0) -> None:
        if not wait_seconds >= 0:
            raise ValueError(
                "`wait_seconds` must be at least 0: it is a time to wait. Received: "
                f"wait_seconds={wait_seconds!r}. Give 0 to be refused at once."
            )
        self.directory, self.wait_seconds = Path(directory), wait_seconds
        self.holder: str | None = None
        self._handle: int | None = None
        self._key = (0, 0)
        self._pid = 0

    def acquire(self) -> None:
        """Takes the directory.

        Raises:
            CheckpointError: If another process, or another lock of this one, holds it still.
            OSError: If the directory cannot be made or written to.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + self.wait_seconds
        self.holder = None
        while (holder := self._take()) is not None:
            self.holder = holder
            if time.monotonic() >= until:
                raise CheckpointError(
                    f"`{self.directory}` is in use by {holder}: wait for it or end it, or give "
                    "another directory."
                )
            time.sleep(LOOK_SECONDS)

    @property
    def waited(self) -> bool:
        """Whether there was another holder when it was last acquired."""
        return self.holder is not None

    def release(self) -> None:
        """Frees the directory; does nothing if it is not held."""
        handle, self._handle = self._handle, None
        if handle is None:
            return
        ours = os.getpid() == self._pid  # else it is the copy of a forked child
        if ours:
            with contextlib.suppress(OSError):  # the name of the holder is a courtesy
                os.ftruncate(handle, 0)
        os.close(handle)
        if ours:  # last: closing frees whatever lock this process has on the file
            _held.pop(self._key, None)

    def __enter__(self) -> DirectoryLock:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _take(self) -> str | None:
        """Takes the directory if it is free; else says who holds it."""
        me, status = Holder.this_process(), os.stat(self.directory)
        key = (status.st_dev, status.st_ino)
        if (there := _held.setdefault(key, me)) is not me:
            return f"this process itself, {there}"
        with contextlib.ExitStack() as undo:
            undo.callback(_held.pop, key, None)
            handle = os.open(self.directory / NAME, OPEN_FLAGS, 0o666)
            undo.callback(os.close, handle)
            if (holder := _take_file(handle, me)) is not None:
                return holder
            undo.pop_all()
        self._handle, self._key, self._pid = handle, key, me.pid
        return None


def _take_file(handle: int, me: Holder) -> str | None:
    try:
        if fcntl is None:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # POSIX leaves the choice of the two
        return str(_told(handle) or "another process, which has not said its name")
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return _claim(handle, me)
    with contextlib.suppress(OSError):  # on a full disk the lock holds all the same
        _tell(handle, me)
    return None


def _claim(handle: int, me: Holder) -> str | None:
    """Takes a directory whose file system has no locks, if nobody who lives is named there."""
    there = _told(handle)
    if there and (there.pid, there.host) != (me.pid, me.host) and there.may_live():
        return f"{there} (if that has ended, remove `{NAME}` there)"
    _tell(handle, me)
    time.sleep(CLAIM_SECONDS)
    there = _told(handle)
    return None if there == me else str(there)


def _told(handle: int) -> Holder | None:
    os.lseek(handle, 0, os.SEEK_SET)
    return Holder.from_text(os.read(handle, LONGEST_BYTES).decode("utf-8", "replace"))


def _tell(handle: int, holder: Holder) -> None:
    text = holder.to_text().encode("utf-8")
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, text)
    os.ftruncate(handle, len(text))
