"""The exact state of a run on disk: whole checkpoints, whole files, one process at a time.

`CheckpointStore` saves and finds checkpoints, `DirectoryLock` keeps a second process out, and
`write_text`, `write_bytes` and `whole_file` replace a file in one step.
"""

from kerasrecipes.checkpoints.checkpoint import Checkpoint
from kerasrecipes.checkpoints.directory_lock import DirectoryLock
from kerasrecipes.checkpoints.errors import CheckpointError
from kerasrecipes.checkpoints.files import DISK_FULL, Files
from kerasrecipes.checkpoints.sink import warn_on_stderr
from kerasrecipes.checkpoints.store import CheckpointStore, Listed
from kerasrecipes.checkpoints.whole_file import (
    aside_prefix,
    put_in_place,
    whole_file,
    write_bytes,
    write_text,
)

__all__ = [
    "DISK_FULL",
    "Checkpoint",
    "CheckpointError",
    "CheckpointStore",
    "DirectoryLock",
    "Files",
    "Listed",
    "aside_prefix",
    "put_in_place",
    "warn_on_stderr",
    "whole_file",
    "write_bytes",
    "write_text",
]
