"""Who holds which trial, and until when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple


class Lease(NamedTuple):
    """One trial in the hands of one session.

    Attributes:
        key: Under which the oracle lists it in `ongoing_trials`.
        session: Of the worker's process; None for a worker of stock keras-tuner.
        until: When it ends unless renewed; None never.
    """

    key: str
    session: str | None
    until: float | None


class Leases:
    """The trials that are being run, each with its holder and its deadline.

    A worker's process is a session; it may hold many trials, and each of its heartbeats names them.
    Safe to use from many threads.

    Args:
        deadline_seconds: Float > 0. Time that a session may be silent.
        clock: Returns seconds.
    """

    def __init__(
        self, deadline_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.deadline_seconds = deadline_seconds
        self._clock = clock
        self._held: dict[str, Lease] = {}
        self._lock = threading.Lock()

    def take(self, trial_id: str, key: str, session: str | None) -> None:
        """Gives a trial to a session."""
        until = None if session is None else self._clock() + self.deadline_seconds
        with self._lock:
            self._held[trial_id] = Lease(key, session, until)

    def holder(self, trial_id: str) -> Lease | None:
        """The lease of a trial, if it is in someone's hands."""
        return self._held.get(trial_id)

    def drop(self, trial_id: str) -> None:
        """Ends a lease, if there is one."""
        with self._lock:
            self._held.pop(trial_id, None)

    def renew(self, session: str, trial_ids: Iterable[str]) -> list[str]:
        """Moves the deadline of trials, and returns those that the session does not hold."""
        until = self._clock() + self.deadline_seconds
        others = []
        with self._lock:
            for trial_id in trial_ids:
                lease = self._held.get(trial_id)
                if lease is None or lease.session != session:
                    others.append(trial_id)
                else:
                    self._held[trial_id] = lease._replace(until=until)
        return others

    def expired(self) -> list[str]:
        """The trials whose holder has been silent for too long."""
        now = self._clock()
        return [
            key for key, lease in self.items() if lease.until is not None and lease.until <= now
        ]

    def abandoned(self, alive: Mapping[str, Iterable[str]]) -> list[str]:
        """The trials of workers that someone knows to be dead.

        Args:
            alive: The living sessions of each worker that is known, by its name; workers that are
                not named are left alone.
        """
        return [
            trial_id
            for trial_id, lease in self.items()
            if lease.session is not None and is_dead(lease.session, alive)
        ]

    def items(self) -> list[tuple[str, Lease]]:
        """All trials with their leases."""
        with self._lock:
            return list(self._held.items())


def is_dead(session: str, alive: Mapping[str, Iterable[str]]) -> bool:
    """Whether a session belongs to a named worker and is not among its living ones."""
    worker = worker_of(session)
    return worker in alive and session not in alive[worker]


def oracle_key(tuner_id: str, session: str | None) -> str:
    """The name under which an oracle lists the trial of a tuner, so that it is saved with it."""
    return tuner_id if session is None else f"{tuner_id}@{session}"


def session_of(key: str) -> str | None:
    """The session in a name made by `oracle_key`."""
    _, found, session = key.partition("@")
    return session if found else None


def worker_of(session: str) -> str:
    """The worker's name in a session, which is `name/number`."""
    return session.rpartition("/")[0]
