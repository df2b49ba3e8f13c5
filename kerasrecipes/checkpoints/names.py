"""The names of what lies in a directory of checkpoints."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import NamedTuple

PATTERN = re.compile(r"checkpoint-(\d{9,18})(?:-(\d{1,9}))?", re.ASCII)
PARTIAL, REMOVED = ".partial-", ".removed-"
CORRUPTED, SET_ASIDE = "corrupted-", "set-aside"


class Name(NamedTuple):
    """A checkpoint's; the higher is the newer.

    Attributes:
        number: It was saved under.
        revision: From 1; more than that where a number was saved again, since a folder cannot take
            the place of another in one step.
    """

    number: int
    revision: int = 1

    def __str__(self) -> str:
        again = f"-{self.revision}" if self.revision > 1 else ""
        return f"checkpoint-{self.number:09d}{again}"


def found(names: Iterable[str]) -> list[Name]:
    """The checkpoints among these names, newest first.

    Example:
    >>> found(["checkpoint-000000007", "checkpoint-000000007-2", "corrupted-checkpoint-000000008"])
    [Name(number=7, revision=2), Name(number=7, revision=1)]
    """
    matches = filter(None, map(PATTERN.fullmatch, names))
    listed = {Name(int(match[1]), int(match[2] or 1)): match[0] for match in matches}
    return sorted((name for name, text in listed.items() if str(name) == text), reverse=True)


def hidden(prefix: str, name: Name) -> str:
    """A name of its own for a folder that is not yet, or no longer, a checkpoint."""
    return f"{prefix}{name}-{secrets.token_hex(4)}"


def leftovers(names: Iterable[str]) -> list[str]:
    """Hidden folders, which only a killed process leaves."""
    return [name for name in names if name.startswith((PARTIAL, REMOVED))]


def corrupted(names: Iterable[str]) -> list[str]:
    """Checkpoints that were found torn before."""
    return [name for name in names if name.startswith(CORRUPTED)]


def first_free(stem: str, names: Iterable[str]) -> str:
    """The stem, or the stem with the first number that no name has: `a`, `a-2`, `a-3`, ..."""
    taken, name, number = set(names), stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name
