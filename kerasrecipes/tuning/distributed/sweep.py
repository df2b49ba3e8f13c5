"""A sweep: chief and workers kept alive until the search is over."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from kerasrecipes.tuning.distributed import wire
from kerasrecipes.tuning.distributed.errors import SearchFailedError, SweepError
from kerasrecipes.tuning.distributed.members import CHIEF, Member
from kerasrecipes.tuning.distributed.results import SweepResult, TrialRow, TrialTable, best_of

POLL_SECONDS = 0.25
ASK_SECONDS = 2.0
ENDED = ("COMPLETED", "FAILED")


class MemberState(NamedTuple):
    """One process of a sweep.

    Attributes:
        name: `chief`, `tuner0` ..., or `search` where a script searches alone.
        trials: What it runs.
        state: `waiting`, `running`, `serving` or `ended`.
        restarts: How often it died and was started again.
        pid: Of its process; None if that is not on this machine, or has ended.
    """

    name: str
    trials: tuple[str, ...]
    state: str
    restarts: int
    pid: int | None


class SweepState(NamedTuple):
    """A sweep at one moment.

    Attributes:
        members: Its processes.
        trials: The trials so far.
        best: The best of them; None before the first has been completed.
        objective: Name of the objective; empty before a tuner was made.
        max_trials: How many trials there will be; None if that is open.
        seconds: Time so far.
    """

    members: tuple[MemberState, ...]
    trials: tuple[TrialRow, ...]
    best: TrialRow | None
    objective: str
    max_trials: int | None
    seconds: float


class Sweep:
    """Runs members until the search is over.

    Args:
        members: A chief and workers, or one script alone.
        status_file: Where they tell which directory they search in.
        address: Of the chief; None if there is none.
        watch: Called with the state a few times a second.
    """

    def __init__(
        self,
        members: list[Member],
        status_file: Path,
        address: str | None,
        watch: Callable[[SweepState], None],
    ) -> None:
        self.members, self.status_file, self.watch = members, status_file, watch
        self._channel = wire.channel(address) if address else None
        self._table = TrialTable()
        self._held: dict[str, str] = {}
        self._told: list[str] = []
        self._begun = time.monotonic()

    def run(self) -> SweepResult:
        """Starts the members, keeps them alive, and ends them whatever happens.

        Raises:
            SearchFailedError: If the search has failed.
            SweepError: If a member dies again and again, or no tuner was made.
        """
        try:
            for member in self.members:
                member.start()
            while not self._over():
                time.sleep(POLL_SECONDS)
                state = self._state()
                ended = sum(row.status in ENDED for row in state.trials)
                for member in self.members:
                    self._mend(member, ended)
                self._ask_chief()
                self.watch(state)
            self.watch(self._state())
        finally:
            self._stop(self.members)
            if self._channel is not None:
                self._channel.close()
        return self._result()

    def _mend(self, member: Member, ended: int) -> None:
        """Starts a member again, unless it came too late to the search's end."""
        chief = self.members[0]
        if member.is_worker and chief.status == 0:
            if member.session not in self._told:  # it would wait for a chief that has gone
                self._stop([member])
            member.mend_status()
        else:
            member.mend(ended)

    def _over(self) -> bool:
        """Whether all have ended; the refusal of one ends the sweep."""
        refused = [member for member in self.members if member.status not in (None, 0)]
        if refused:
            words = refused[0].last_words().removeprefix("error: ")
            raise SearchFailedError(f"{words} (log: {refused[0].log})")
        return all(member.status is not None for member in self.members)

    def _ask_chief(self) -> None:
        """Tells the chief which workers live, and hears who holds what."""
        if self._channel is None or self.members[0].status is not None:
            return
        workers = [member for member in self.members if member.is_worker]
        message = {
            "alive": {m.name: [m.session] if m.status is None else [] for m in workers},
            "done": all(m.status == 0 for m in workers),
        }
        try:
            answer = wire.ask(self._channel, "Watch", message, ASK_SECONDS)
        except grpc.RpcError:  # it starts, or was killed
            return
        self._held, self._told = answer["held"], answer["told"]

    def _status(self) -> dict[str, Any]:
        try:
            status: dict[str, Any] = json.loads(self.status_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return status

    def _state(self) -> SweepState:
        status = self._status()
        rows = self._table.read(status["project_dir"]) if status else ()
        return SweepState(
            tuple(self._member_state(member, rows) for member in self.members),
            rows,
            best_of(rows, status.get("direction", "min")),
            status.get("objective", ""),
            status.get("max_trials"),
            time.monotonic() - self._begun,
        )

    def _member_state(self, member: Member, rows: tuple[TrialRow, ...]) -> MemberState:
        if self._channel is None:
            trials = tuple(row.trial_id for row in rows if row.status == "RUNNING")[-1:]
        else:
            trials = tuple(sorted(t for t, name in self._held.items() if name == member.name))
        if member.status is not None:
            return MemberState(member.name, (), "ended", member.restarts, None)
        chief = member.name == CHIEF
        state = "serving" if chief and self._held else "running" if trials else "waiting"
        return MemberState(member.name, trials, state, member.restarts, member.pid)

    def _result(self) -> SweepResult:
        status = self._status()
        if not status:
            raise SweepError(
                "the script ended without making a tuner: it must make one and call its "
                f"`search`, in every process alike (log: {self.members[0].log})"
            )
        return SweepResult(
            status["project_dir"],
            status["objective"],
            status["direction"],
            self._table.read(status["project_dir"]),
            sum(member.restarts for member in self.members),
            time.monotonic() - self._begun,
        )

    @staticmethod
    def _stop(members: list[Member]) -> None:
        for member in members:
            member.stop()
        for member in members:
            member.kill()
