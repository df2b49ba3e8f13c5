"""What a person sees while a recipe runs: a bar that moves and a table that grows."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, JustifyMethod
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from kerasrecipes.recipe import EpochDone, Job, RecipeStep, Said, StepDone, StepStarted


class Display:
    """Shows the events of a recipe; call it with each.

    Where the output is no terminal, each decision and each result is a plain line.

    Args:
        console: Where to print.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.steps: list[RecipeStep] = []
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[cost]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self.live = Live(self._view(), console=console, refresh_per_second=8, transient=False)
        self.bar: TaskID | None = None

    def __enter__(self) -> Display:
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end_bar()
        if self.console.is_terminal:
            self.live.update(self._view())
            self.live.stop()
        elif self.steps:
            self.console.print(self._table())

    def __call__(self, event: Said | StepStarted | EpochDone | StepDone) -> None:
        """Shows one event."""
        if isinstance(event, Said):
            self.console.print(f"[dim]{escape(event.text)}[/]", soft_wrap=True)
        elif isinstance(event, StepStarted):
            self.console.print(
                f"[bold]{event.number}. {escape(event.name)}[/]: {escape(event.reason)}",
                soft_wrap=True,
            )
            self.bar = self.progress.add_task("searching a rate", total=event.epochs, cost="")
        elif isinstance(event, EpochDone) and self.bar is not None:
            costs = f"cost train {event.train_cost:.3g}, dev {event.dev_cost:.3g}"
            title = f"epoch {event.epoch} of {event.epochs}"
            self.progress.update(self.bar, completed=event.epoch, description=title, cost=costs)
        elif isinstance(event, StepDone):
            self.steps.append(event.step)
            self._end_bar()
            if not self.console.is_terminal:
                self.console.print(f"   {_outcome(event.step)}", soft_wrap=True)
        if self.console.is_terminal:
            self.live.update(self._view())

    def _end_bar(self) -> None:
        if self.bar is not None:
            self.progress.remove_task(self.bar)
            self.bar = None

    def _view(self) -> Group:
        return Group(*([self._table()] if self.steps else []), self.progress)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("#", "tried", "train error", "dev error", "verdict", "", "seconds"):
            numeric = title in ("#", "train error", "dev error", "seconds")
            justify: JustifyMethod = "right" if numeric else "left"
            table.add_column(title, justify=justify, no_wrap=title != "tried")
        best = [step.number for step in self.steps if step.kept][-1]
        for step in self.steps:
            style = "bold green" if step.number == best else ("" if step.kept else "dim")
            table.add_row(*_cells(step), style=style)
        return table


def _cells(step: RecipeStep) -> tuple[str, ...]:
    return (
        str(step.number),
        escape(step.name),
        f"{step.reading.train_error.error:.2%}",
        f"{step.reading.dev_error.error:.2%}",
        step.reading.verdict,
        "kept" if step.kept else "dropped",
        f"{step.seconds:.1f}",
    )


def _outcome(step: RecipeStep) -> str:
    return (
        f"train error {step.reading.train_error.error:.2%}, dev error "
        f"{step.reading.dev_error.error:.2%}: {step.reading.verdict}; "
        f"{'kept' if step.kept else 'dropped'}, {step.seconds:.1f} s"
    )


def result_lines(job: Job) -> Iterator[str]:
    """The result of a run in a few lines."""
    test, reading = job.test_error, job.recipe.reading
    what = "test error"
    if job.result["metric"] != "error_rate":
        what = "test error (squared, relative to predicting the mean)"
    yield (
        f"[bold]{what} {test.error:.2%}[/], 95 % interval {test.low:.2%} to {test.high:.2%} "
        f"({test.examples:,} examples)"
    )
    yield (
        f"bias {reading.bias.value:.2%}, variance {reading.variance.value:.2%}: "
        f"[bold]{reading.verdict}[/]. {escape(job.result['advice'][0])}"
    )
    yield f"ended because {escape(job.recipe.stop_reason)}, after {job.result['seconds']:.0f} s"
    yield f"report: {escape(str(job.directory / 'report.html'))}"
