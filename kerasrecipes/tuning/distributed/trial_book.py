"""The chief's book: an oracle behind leases. Every trial is completed once, and none is lost."""

from __future__ import annotations

import collections
import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from keras_tuner import Oracle
from keras_tuner.engine.trial import Trial, TrialStatus

from kerasrecipes.checkpoints import warn_on_stderr
from kerasrecipes.tuning.distributed.errors import SearchFailedError, StaleReportError
from kerasrecipes.tuning.distributed.leases import (
    Leases,
    is_dead,
    oracle_key,
    session_of,
    worker_of,
)
from kerasrecipes.tuning.distributed.oracle_lock import lock_freed, reason
from kerasrecipes.tuning.distributed.reload import ENDED, forget_metrics, take_held
from kerasrecipes.tuning.distributed.settings import Settings


class TrialBook:
    """Hands an oracle's trials to sessions, takes them back from the dead, and counts none twice.

    A session is one worker's process. Sessions of stock keras-tuner (None) are served as its own
    chief serves them: their trials have no deadline.

    Args:
        oracle: Any `keras_tuner.Oracle`.
        settings: Times of the protocol; from the environment by default.
        clock: Returns seconds.
        sink: Called with one line for what happens to workers and trials.
    """

    def __init__(
        self,
        oracle: Oracle,
        settings: Settings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sink: Callable[[str], None] = warn_on_stderr,
    ) -> None:
        self.oracle = oracle
        self.project: str = oracle._project_name
        self.settings = settings or Settings.from_environment()
        self.sink = sink
        self.leases = Leases(self.settings.deadline_seconds, clock)
        self.over = False
        self.failure: str | None = None
        self._clock = clock
        self._oracle_lock = threading.RLock()
        self._deaths: collections.Counter[str] = collections.Counter()
        self._seen: dict[str, float] = {}
        self.told: list[str] = []  # sessions that said goodbye, in their order
        self._restore()

    def create_trial(self, tuner_id: str, session: str | None) -> Trial:
        """A trial to run; IDLE while others still run some that may come back.

        Raises:
            SearchFailedError: If the search has failed.
        """
        with self._working():
            self._greet(session)
            key = oracle_key(tuner_id, session)
            trial = self._failing(self.oracle.create_trial, key)
            if trial.status == TrialStatus.RUNNING:
                self.leases.take(trial.trial_id, key, session)
            elif trial.status == TrialStatus.STOPPED:
                if not self.oracle.ongoing_trials:
                    self.over = True
                elif session is not None:
                    trial.status = TrialStatus.IDLE
            return trial

    def update_trial(
        self, trial_id: str, metrics: Mapping[str, float], step: float, session: str | None
    ) -> Trial:
        """Records what a worker measured.

        Raises:
            KeyError: If there is no such trial.
            StaleReportError: If the trial is not the session's, or no longer.
            ValueError: If the objective is not among the metrics.
        """
        with self._working():
            self._own(self.oracle.trials[trial_id], session)
            with lock_freed(self.oracle):
                return self.oracle.update_trial(trial_id, dict(metrics), step=step)

    def end_trial(self, trial: Trial, session: str | None, message: str | None = None) -> None:
        """Ends a trial; a report of one that has ended is not taken again.

        Raises:
            KeyError: If there is no such trial.
            StaleReportError: If the trial is not the session's, or no longer.
            SearchFailedError: If too many trials in a row failed.
        """
        with self._working():
            known = self.oracle.trials[trial.trial_id]
            if known.status in ENDED:
                return
            self._own(known, session)
            if trial.status == TrialStatus.COMPLETED and not known.metrics.metrics:
                raise StaleReportError(
                    f"trial {trial.trial_id} was given up before it was measured"
                )
            trial.message = trial.message or message
            self._end(trial)

    def heartbeat(self, session: str, trial_ids: Iterable[str]) -> list[str]:
        """Notes that a session lives and holds some trials; returns those that it has lost.

        Never waits for an oracle at work. A trial that nobody holds is left with who announces it:
        so a chief that was restarted finds its workers' trials again.
        """
        self._greet(session)
        unknown = self.leases.renew(session, trial_ids)
        if unknown and self._oracle_lock.acquire(blocking=False):
            try:
                return [trial_id for trial_id in unknown if self._is_lost(trial_id, session)]
            finally:
                self._oracle_lock.release()
        return []

    def goodbye(self, session: str) -> None:
        """Notes that a session needs the chief no more."""
        self._seen.pop(session, None)
        self.told.append(session)

    def expire(self, alive: Mapping[str, Iterable[str]] | None = None) -> None:
        """Takes the trials of silent workers back, and those of workers known to be dead.

        Args:
            alive: The living sessions by worker, as far as someone knows; see `Leases.abandoned`.
        """
        alive = alive or {}
        for session in list(self._seen):
            if is_dead(session, alive):
                self._seen.pop(session, None)
        with self._oracle_lock:
            for trial_id in self.leases.abandoned(alive):
                self._take_back(trial_id, "its worker died")
            for trial_id in self.leases.expired():
                self._take_back(
                    trial_id, f"its worker was silent for {self.settings.deadline_seconds:g} s"
                )

    def sessions(self) -> list[str]:
        """The sessions that live and have not said goodbye."""
        oldest = self._clock() - self.settings.deadline_seconds
        return [session for session, seen in list(self._seen.items()) if seen > oldest]

    def all_done(self) -> bool:
        """Whether every trial has ended, as far as that can be told without asking the oracle."""
        oracle = self.oracle
        counted = bool(oracle.max_trials) and len(oracle.trials) >= oracle.max_trials
        return counted and not oracle.ongoing_trials and not oracle._retry_queue

    @contextlib.contextmanager
    def reading(self) -> Iterator[Oracle]:
        """The oracle, while nobody else works with it."""
        with self._oracle_lock:
            yield self.oracle

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        """One call at a time, none after the search has failed."""
        with self._oracle_lock:
            if self.failure is not None:
                raise SearchFailedError(self.failure)
            yield

    def _restore(self) -> None:
        """Leaves the trials that an earlier chief had given away with their holders, for now."""
        for trial_id, held in take_held(self.oracle).items():
            session = session_of(held.key)
            if session is not None and trial_id in self.oracle._retry_queue:
                self._assign(self.oracle.trials[trial_id], held.key, session)
                self.oracle.trials[trial_id].metrics = held.metrics

    def _assign(self, trial: Trial, key: str, session: str) -> None:
        """Moves a trial from the queue into the hands of a session."""
        self.oracle._retry_queue.remove(trial.trial_id)
        trial.status = TrialStatus.RUNNING
        self.oracle.ongoing_trials[key] = trial
        self.leases.take(trial.trial_id, key, session)

    def _greet(self, session: str | None) -> None:
        if session is not None:
            self._seen[session] = self._clock()

    def _own(self, trial: Trial, session: str | None) -> None:
        """Lets pass who holds a trial, and who ran one that nobody has taken up since."""
        if session is None:
            return
        if self._is_lost(trial.trial_id, session) or trial.status in ENDED:
            raise StaleReportError(f"trial {trial.trial_id} is no longer {worker_of(session)}'s")

    def _is_lost(self, trial_id: str, session: str) -> bool:
        """Whether another holds a trial; one that waits in the queue becomes the session's."""
        lease = self.leases.holder(trial_id)
        if lease is None and trial_id in self.oracle._retry_queue:
            key = oracle_key(f"{worker_of(session)}#{trial_id}", session)
            self._assign(self.oracle.trials[trial_id], key, session)
            return False
        return lease is not None and lease.session != session

    def _end(self, trial: Trial) -> None:
        self._show_begin(trial.trial_id)
        try:
            self._failing(self.oracle.end_trial, trial)
        finally:
            lease = self.leases.holder(trial.trial_id)
            self.leases.drop(trial.trial_id)
            if lease is not None:
                self.oracle.ongoing_trials.pop(lease.key, None)

    def _take_back(self, trial_id: str, why: str) -> None:
        lease = self.leases.holder(trial_id)
        trial = self.oracle.trials[trial_id]
        self._deaths[trial_id] += 1
        if lease is None:
            return
        if self._deaths[trial_id] >= self.settings.deaths_per_trial:
            message = f"{self._deaths[trial_id]} workers died or fell silent while they ran it"
            self.sink(f"trial {trial_id} has failed: {message}.")
            failed = Trial(trial.hyperparameters, trial_id, TrialStatus.FAILED, message)
            with contextlib.suppress(SearchFailedError):
                self._end(failed)
            return
        self.leases.drop(trial_id)
        self.oracle.ongoing_trials.pop(lease.key, None)
        forget_metrics(trial)
        self.oracle._retry_queue.append(trial_id)
        self.oracle.save()
        self.sink(f"trial {trial_id} is given to another worker: {why}.")

    def _failing(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls the oracle; what it raises ends the search."""
        try:
            with lock_freed(self.oracle):
                return function(*arguments)
        except Exception as error:
            self.failure = reason(error)
            raise SearchFailedError(self.failure) from error

    def _show_begin(self, trial_id: str) -> None:
        """Tells keras-tuner's display when a trial began, which it must know and may not."""
        display, now = self.oracle._display, datetime.now()
        display.search_start = display.search_start or now
        display.trial_start.setdefault(trial_id, now)
        display.trial_number.setdefault(trial_id, len(display.trial_number) + 1)
