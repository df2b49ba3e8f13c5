"""Measuring beside a user's `fit` without ever stopping it: what fails is told, once."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType


class Attempts:
    """Runs what may fail, and keeps what did.

    Args:
        say: Called with a line on each thing that could not be measured, the first time.

    Attributes:
        failed: What could not be measured, by name, each with its reason.

    Example:
        >>> attempts = Attempts(print)
        >>> with attempts("units"):
        ...     raise ValueError("no such layer")
        not measured: units (ValueError: no such layer)
        >>> attempts.failed
        {'units': 'ValueError: no such layer'}
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        self.say = say
        self.failed: dict[str, str] = {}

    def __call__(self, name: str) -> _Attempt:
        """A block in which an exception is kept under this name."""
        return _Attempt(self, name)

    def fail(self, name: str, reason: str) -> None:
        """Notes that something could not be measured."""
        if name not in self.failed:
            self.failed[name] = reason
            self.say(f"not measured: {name} ({reason})")


class _Attempt:
    def __init__(self, attempts: Attempts, name: str) -> None:
        self.attempts, self.name = attempts, name

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if kind is None or not issubclass(kind, Exception):
            return False  # an interrupt by the user goes on
        first = (str(error).strip().splitlines() or [""])[0]
        self.attempts.fail(self.name, f"{kind.__name__}: {first}")
        return True
