"""How much memory is free, and refusing what does not fit before it is read."""

import os
from pathlib import Path

from kerasrecipes.data.errors import DataError

CGROUP = Path("/sys/fs/cgroup")
CGROUP_FILES = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)


def available_memory() -> int | None:
    """Counts the bytes of main memory a program can still take, without swapping.

    `min(free memory of the machine, limit - use of the container)`

    Returns:
        Integer in bytes, or None where the system does not tell.

    Example:
    >>> memory = available_memory()
    >>> memory is None or memory > 0
    True
    """
    known = [size for size in (_machine(), _container()) if size is not None]
    return max(0, min(known)) if known else None


def require_memory(needed_bytes: float, what: str) -> None:
    """Raises before something is read that would not fit.

    Args:
        needed_bytes: Number >= 0. What reading it takes, in bytes.
        what: String. Begins the message, such as "`big.csv`".

    Raises:
        DataError: If more than the free memory is needed.

    Example:
    >>> require_memory(1000, "`small.csv`")
    >>> require_memory(1e18, "`big.csv`")
    Traceback (most recent call last):
        ...
    kerasrecipes.data.errors.DataError: `big.csv` takes about 1000000000.0 GB of memory to read...
    """
    available = available_memory()
    if available is not None and needed_bytes > available:
        raise DataError(
            f"{what} takes about {needed_bytes / 1e9:.1f} GB of memory to read, and "
            f"{available / 1e9:.1f} GB is free: use a sample of its rows or a larger machine."
        )


def _machine() -> int | None:
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return None


def _container() -> int | None:
    for limit_name, use_name in CGROUP_FILES:
        try:
            limit = (CGROUP / limit_name).read_text().strip()
            use = (CGROUP / use_name).read_text().strip()
        except OSError:
            continue
        if limit.isdigit() and use.isdigit():
            return int(limit) - int(use)
    return None
