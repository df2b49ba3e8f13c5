"""The memory of this process and of its device."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from kerasrecipes import backend


def memory() -> dict[str, int | None]:
    """Bytes that the process has in memory, the most it had, and those on its accelerator.

    What the system does not tell is None.

    Example:
        >>> memory()["peak_bytes"] > 0
        True
    """
    return {
        "bytes": _resident(),
        "peak_bytes": _peak(),
        "device_bytes": backend.device_bytes(),
    }


def _resident() -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return None


def _peak() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
