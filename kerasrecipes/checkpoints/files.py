"""The operations on the file system that checkpoints are made of, one method each."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)  # some network file systems


class Files:
    """The file system. A subclass may fail at, or stop at, any operation.

    Each method does one thing and raises `OSError` if it cannot.
    """

    def names(self, folder: Path) -> list[str]:
        """The names of what lies in a folder, sorted."""
        return sorted(os.listdir(folder))

    def is_folder(self, path: Path) -> bool:
        """Whether it is a folder itself, not a link to one."""
        return path.is_dir() and not path.is_symlink()

    def make_folders(self, folder: Path) -> None:
        """Makes a folder and those above it where they are missing."""
        folder.mkdir(parents=True, exist_ok=True)

    def make_folder(self, folder: Path) -> None:
        """Makes a folder that must not be there yet."""
        folder.mkdir()

    def create(self, path: Path) -> BinaryIO:
        """Opens a file for writing that must not be there yet."""
        return path.open("xb")

    def write(self, file: BinaryIO, data: bytes | memoryview) -> None:
        """Writes all of the data."""
        file.write(data)

    def sync(self, file: BinaryIO) -> None:
        """Returns when all that was written is on the disk."""
        file.flush()
        os.fsync(file.fileno())

    def sync_folder(self, folder: Path) -> None:
        """Returns when the names in a folder are on the disk, where the system can tell."""
        if os.name == "nt":  # a folder cannot be opened there
            return
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in NO_FOLDER_SYNC:
                raise
        finally:
            os.close(handle)

    def rename(self, source: Path, target: Path) -> None:
        """Gives a file or folder another name in one step; a file of that name is replaced."""
        os.replace(source, target)

    def open(self, path: Path) -> BinaryIO:
        """Opens a plain file for reading; never waits, as for a pipe."""
        if not stat.S_ISREG(path.lstat().st_mode):
            raise FileNotFoundError(errno.ENOENT, "It is not a plain file", str(path))
        return path.open("rb")

    def read(self, file: BinaryIO, size: int) -> bytes:
        """Reads up to so many bytes; fewer at the end of the file alone."""
        return file.read(size)

    def remove(self, path: Path) -> None:
        """Removes a file."""
        path.unlink()

    def remove_folder(self, folder: Path) -> None:
        """Removes an empty folder."""
        folder.rmdir()


FILES: Final = Files()


def remove_tree(path: Path, files: Files = FILES) -> None:
    """Removes a file, or a folder with all that is in it; links are removed, not followed.

    Args:
        path: What to remove.
        files: The file system.

    Raises:
        OSError: If something in it cannot be removed.
    """
    if not files.is_folder(path):
        files.remove(path)
        return
    for name in files.names(path):
        remove_tree(path / name, files)
    files.remove_folder(path)
