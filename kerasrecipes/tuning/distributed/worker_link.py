"""A worker's link to its chief: who it is, what it holds, and its heartbeats."""

from __future__ import annotations

import atexit
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import grpc

from kerasrecipes.checkpoints import warn_on_stderr
from kerasrecipes.tuning.distributed import wire
from kerasrecipes.tuning.distributed.errors import ChiefLostError, SearchFailedError
from kerasrecipes.tuning.distributed.settings import Settings

SESSION = "KERASRECIPES_SESSION"  # set by a launcher, which so knows which session it has started
CALL_SECONDS = 5.0


class WorkerLink:
    """Heartbeats of one process, which name the trials it holds.

    They begin with the first call to the chief and end with the process or with `close`. A chief of
    stock keras-tuner knows none; the worker then goes on without.

    Args:
        address: Of the chief.
        tuner_id: The worker's name.
        project: Name of the search.
        settings: Times of the protocol.
        sink: Called with one line for each trial that was lost, and when the chief is away.
    """

    def __init__(
        self,
        address: str,
        tuner_id: str,
        project: str,
        settings: Settings,
        sink: Callable[[str], None] = warn_on_stderr,
    ) -> None:
        self.address, self.project, self.settings, self.sink = address, project, settings, sink
        self.session = os.environ.get(SESSION) or f"{tuner_id}/{uuid.uuid4().hex[:8]}"
        self.channel = wire.channel(address)
        self.follower = False
        self.failure: str | None = None
        self._heard = time.monotonic()
        self._away = False
        self._held: set[str] = set()
        self._closed = threading.Event()
        self._closed.set()
        self.open()

    def open(self) -> None:
        """Begins the heartbeats, if they do not go on."""
        if self._closed.is_set():
            self._closed = threading.Event()
            beat = threading.Thread(
                target=self._beat, args=(self._closed,), name="heartbeat", daemon=True
            )
            beat.start()
            atexit.register(self.close)

    def hold(self, trial_id: str) -> None:
        """Notes that this process runs a trial."""
        self._held.add(trial_id)

    def release(self, trial_id: str) -> None:
        """Notes that this process no longer runs a trial."""
        self._held.discard(trial_id)

    def holds(self) -> bool:
        """Whether this process runs any trial."""
        return bool(self._held)

    def lose(self, trial_id: str, why: str) -> None:
        """Says once that a trial was given to another."""
        if trial_id in self._held:
            self._held.discard(trial_id)
            self.sink(
                f"{why}: it was given to another worker, and what was measured here is dropped."
            )

    def heard(self) -> None:
        """Notes that the chief has answered."""
        if self._away:
            self.sink(f"the chief at {self.address} is back.")
        self._heard, self._away = time.monotonic(), False

    def check(self, why: str) -> None:
        """Says that the chief does not answer; raises if that has lasted too long.

        Raises:
            ChiefLostError: If nothing was heard from it for `give_up_seconds`.
            SearchFailedError: If the last that was heard is that the search has failed.
        """
        if self.failure is not None:
            raise SearchFailedError(self.failure)
        patience = self.settings.give_up_seconds
        if time.monotonic() - self._heard > patience:
            raise ChiefLostError(
                f"the chief at {self.address} has not answered for {patience:g} s ({why}): is it "
                "running, and do KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT name it?"
            )
        if not self._away:
            self._away = True
            self.sink(f"the chief at {self.address} does not answer; trying for {patience:g} s.")

    def close(self) -> None:
        """Ends the heartbeats, and tells the chief that this process needs it no more."""
        if self._closed.is_set():
            return
        self._closed.set()
        atexit.unregister(self.close)
        self._ask("Goodbye", {"session": self.session, "project": self.project}, 1.0)

    def _beat(self, closed: threading.Event) -> None:
        seconds = self.settings.heartbeat_seconds
        while not closed.wait(seconds):
            if self.follower:
                continue
            message = {
                "session": self.session,
                "project": self.project,
                "trials": sorted(self._held),
            }
            answer = self._ask("Heartbeat", message, CALL_SECONDS)
            if answer is None:
                seconds = min(seconds, 1.0)  # announce what is held soon after the chief is back
                continue
            seconds = answer["seconds"]
            self.failure = answer["failure"]
            self.heard()
            for trial_id in answer["lost"]:
                self.lose(trial_id, f"trial {trial_id} is no longer {self.session}'s")

    def _ask(self, method: str, message: Mapping[str, Any], timeout: float) -> Any:
        """The chief's answer; None if there is none, or it is one of stock keras-tuner."""
        try:
            return wire.ask(self.channel, method, message, timeout)
        except (grpc.RpcError, ValueError):  # ValueError: the channel is closed
            return None
