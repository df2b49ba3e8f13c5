"""A file of a run, which anyone may have written: read within bounds, or a reason why not."""

from __future__ import annotations

import contextlib
import json
import math
import os
import stat
from pathlib import Path
from typing import Any

from kerasrecipes.data.plain import plain

MOST_BYTES = 32 << 20
MOST_TEXT = 500  # characters of a text in the table


class BrokenRunError(Exception):
    """A file of a run is not what it should be; the message says how, in one line."""


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a plain file; links are not followed, and pipes not waited for.

    Args:
        path: The file.
        most: Bytes that it may have.

    Raises:
        BrokenRunError: If it cannot be read, is no plain file, or longer.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
            told = os.fstat(file.fileno())
            if not stat.S_ISREG(told.st_mode):
                raise BrokenRunError(f"{path.name} is no plain file")
            content = file.read(most + 1)
    except OSError as error:
        raise BrokenRunError(f"{path.name} cannot be read ({error.strerror or error})") from error
    if len(content) > most:
        raise BrokenRunError(f"{path.name} has more than {most:,} bytes")
    return content


def read_object(path: Path, most: int = MOST_BYTES) -> dict[str, Any]:
    """The JSON object in a file, with None for numbers that are not finite.

    Args:
        path: The file.
        most: Bytes that it may have.

    Raises:
        BrokenRunError: If there is none.
    """
    content = read_bytes(path, most)
    try:
        told = plain(json.loads(content))
    except (ValueError, RecursionError) as error:  # a ValueError too if it is no UTF-8
        raise BrokenRunError(f"{path.name} is torn, or no JSON") from error
    if not isinstance(told, dict):
        raise BrokenRunError(f"{path.name} is JSON, but no object")
    return told


def part(told: Any, *names: str) -> dict[str, Any]:
    """The object under names, one in the other; an empty one if there is none."""
    for name in names:
        told = told.get(name) if isinstance(told, dict) else None
    return told if isinstance(told, dict) else {}


def text(value: Any) -> str | None:
    """A text, cut where it is very long; None if it is none."""
    return value[:MOST_TEXT] if isinstance(value, str) else None


def number(value: Any) -> float | int | None:
    """A finite number; None if it is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):
            return value if math.isfinite(value) else None
    return None


def numbers(told: dict[str, Any]) -> dict[str, float | int]:
    """Those of an object's values that are numbers."""
    found = {name: number(value) for name, value in told.items()}
    return {name: value for name, value in found.items() if value is not None}


def values(told: dict[str, Any]) -> dict[str, Any]:
    """Those of an object's values that fit a cell of a table: numbers, texts, true and false."""
    found = {name: _cell(value) for name, value in told.items()}
    return {name: value for name, value in found.items() if value is not None}


def _cell(value: Any) -> Any:
    return (
        value if isinstance(value, bool) else number(value) if text(value) is None else text(value)
    )
