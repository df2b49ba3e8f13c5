"""A sweep on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from kerasrecipes.tuning.distributed.results import SweepResult, TrialRow
from kerasrecipes.tuning.distributed.sweep import ENDED, SweepState
from kerasrecipes_cli.console import Console

MANY = 8  # trials of one worker, of which the first are shown


class SweepDisplay:
    """A table of the members that follows a sweep; where no terminal is, a line for each trial.

    Args:
        quiet: Show nothing.
        console: Where to show it; standard error by default, so that the result stands alone.
    """

    def __init__(self, quiet: bool = False, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, emoji=False)
        self.quiet = quiet
        self.ended = 0
        self._told: set[str] = set()
        self._live = Live(console=self.console, auto_refresh=False, transient=True)

    def __enter__(self) -> SweepDisplay:
        if not self.quiet and self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def show(self, state: SweepState) -> None:
        """Shows one moment of the sweep."""
        self.ended = sum(row.status in ENDED for row in state.trials)
        if self.quiet:
            return
        if self.console.is_terminal:
            self._live.update(progress(state), refresh=True)
            return
        for row in state.trials:
            if row.status in ENDED and row.trial_id not in self._told:
                self._told.add(row.trial_id)
                self.console.print(trial_line(row, state.objective), markup=False, soft_wrap=True)


def progress(state: SweepState) -> RenderableType:
    """The members with what they run, and the best so far."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("worker", "trial", "state", "restarts"):
        table.add_column(column, justify="right" if column == "restarts" else "left")
    for member in state.members:
        trials = ", ".join(member.trials[:MANY]) + (" ..." if len(member.trials) > MANY else "")
        table.add_row(member.name, trials, member.state, str(member.restarts or ""))
    counts = Counter(row.status for row in state.trials)
    ended = sum(counts[status] for status in ENDED)
    of = f" of {state.max_trials}" if state.max_trials else ""
    failed = f", {counts['FAILED']} failed" if counts["FAILED"] else ""
    line = f"{ended}{of} trials{failed} in {state.seconds:.0f} s"
    best = f"best so far: {_best(state.best, state.objective)}" if state.best else ""
    return Group(table, escape(line), escape(best))


def trial_line(row: TrialRow, objective: str) -> str:
    """One trial that has ended, in one line."""
    if row.status == "COMPLETED":
        return f"trial {row.trial_id}: {objective} {_number(row.score)}"
    return f"trial {row.trial_id} failed: {row.message or 'no message'}"


def result_lines(found: SweepResult) -> Iterator[str]:
    """What a sweep found, its best hyperparameters last."""
    counts = Counter(row.status for row in found.trials)
    for row in found.trials:
        if row.status == "FAILED":
            yield trial_line(row, found.objective)
    restarts = f", {found.restarts} restarts" if found.restarts else ""
    yield (
        f"{counts['COMPLETED']} trials completed, {counts['FAILED']} failed, in "
        f"{found.seconds:.0f} s{restarts}: {found.project_dir}"
    )
    if found.best is None:
        yield "no trial was completed: there is no best one."
        return
    yield f"best: {_best(found.best, found.objective)}"
    for name, value in found.best.hyperparameters.items():
        yield f"  {name} = {_number(value)}"


def _best(row: TrialRow, objective: str) -> str:
    return f"trial {row.trial_id}, {objective} {_number(row.score)}"


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
