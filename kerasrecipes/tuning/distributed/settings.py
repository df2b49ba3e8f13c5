"""Times of the protocol, with their environment variables."""

from __future__ import annotations

import os
from dataclasses import dataclass

DEADLINE = "KERASRECIPES_DEADLINE_SECONDS"
GIVE_UP = "KERASRECIPES_GIVE_UP_SECONDS"


@dataclass(frozen=True)
class Settings:
    """How long chief and workers wait for each other.

    Attributes:
        deadline_seconds: A worker that was silent for so long is given up, and its trials are given
            to others. Environment variable `KERASRECIPES_DEADLINE_SECONDS`.
        give_up_seconds: A worker ends if it heard nothing from the chief for so long. Environment
            variable `KERASRECIPES_GIVE_UP_SECONDS`.
        deaths_per_trial: A trial whose worker died so often counts as failed: it may well be what
            kills them (out of memory, say).
    """

    deadline_seconds: float = 30.0
    give_up_seconds: float = 600.0
    deaths_per_trial: int = 10

    @property
    def heartbeat_seconds(self) -> float:
        """Time between heartbeats: four may be lost before the deadline."""
        return self.deadline_seconds / 5

    @classmethod
    def from_environment(cls) -> Settings:
        """The defaults, or what the environment says.

        Raises:
            ValueError: If a variable is no number above 0.
        """
        return cls(
            deadline_seconds=_seconds(DEADLINE, cls.deadline_seconds),
            give_up_seconds=_seconds(GIVE_UP, cls.give_up_seconds),
        )


def _seconds(name: str, default: float) -> float:
    text = os.environ.get(name)
    if text is None:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError(
            f"`{name}` must be a time in seconds > 0. Received: {name}={text}. Unset it for the "
            f"default of {default:g}."
        )
    return seconds
