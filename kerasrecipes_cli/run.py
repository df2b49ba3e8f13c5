"""`kerasrecipes run`: the main job with its display."""

from __future__ import annotations

import contextlib
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasrecipes_cli.errors import OptionError
from kerasrecipes_cli.quiet import load_keras

if TYPE_CHECKING:
    from kerasrecipes.recipe import Job
    from kerasrecipes_cli.console import Console

LARGEST_SEED = 2**31 - 1


def run_command(
    *,
    options: dict[str, Any],
    given: dict[str, Any],
    quiet: bool,
    resume: str | None = None,
    restart: bool = False,
    as_json: bool = False,
) -> None:
    """Runs the main job or goes on with one, shows it, and says where its files are.

    Args:
        options: Those of `JobOptions`, by name.
        given: The ones that were written on the command line.
        quiet: Whether to print the result alone.
        resume: Directory of the run to go on with.
        restart: Whether to give up an unfinished run in the directory.
        as_json: Whether to print the result as JSON, and nothing else.
    """
    _check(options)
    _check_resume(options["data"], resume, restart)
    if not (quiet or as_json):
        _announce(options["data"] or f"--resume {resume}")
    load_keras()
    from kerasrecipes_cli.console import Console

    console = Console(highlight=False, emoji=False, stderr=as_json)
    quiet = quiet or as_json
    if resume is not None and _is_finished(resume, given):
        console.print(
            f"the run in `{resume}` is finished: nothing is left to do, and nothing was changed.",
            soft_wrap=True,
            markup=False,
        )
        return
    job = _shown(console, options, quiet, resume, restart)
    from kerasrecipes_cli.display import result_lines

    if as_json:
        print((job.directory / "result.json").read_text(encoding="utf-8"))
    for line in () if as_json else result_lines(job):
        console.print(line, soft_wrap=True)
    if job.interrupted:
        console.print("interrupted: the best model so far was saved.", soft_wrap=True)
        _say_how_to_go_on(console, job.directory)
        sys.exit(2)


def _announce(data: str) -> None:
    """Says what is loaded, before that takes its seconds."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, emoji=False)
    console.print(f"[bold]kerasrecipes[/] {escape(data)}: loading Keras ...", soft_wrap=True)


def _is_finished(directory: str, given: dict[str, Any]) -> bool:
    from kerasrecipes_cli.resumed_run import is_finished, require_same

    if is_finished(directory):
        return True
    require_same(directory, given)
    return False


def _shown(
    console: Console, options: dict[str, Any], quiet: bool, resume: str | None, restart: bool
) -> Job:
    """Does the job before the eyes of the user, if they want to see it."""
    from kerasrecipes.checkpoints.preemption import Preempted
    from kerasrecipes.recipe import JobOptions, RunBegun, resume_job, run_job
    from kerasrecipes_cli.display import Display

    begun: list[Path] = []

    def listen(event: Any) -> None:
        if isinstance(event, RunBegun):
            begun.append(event.directory)
        elif display is not None:
            display(event)

    try:
        with contextlib.nullcontext() if quiet else Display(console) as display:
            if resume is not None:
                return resume_job(resume, listen)
            return run_job(JobOptions(**options), listen, restart=restart)
    except Preempted:
        if begun:
            _say_how_to_go_on(console, begun[0])
        raise
    except KeyboardInterrupt:
        if begun and _say_how_to_go_on(console, begun[0]):
            sys.exit(2)
        raise


def _say_how_to_go_on(console: Console, directory: Path) -> bool:
    """Prints the command that goes on with a run, if there is something to go on with."""
    from kerasrecipes.recipe import UnfinishedRun

    run = UnfinishedRun(directory)
    if run.is_there():
        console.print(f"not finished; to go on: {run.command()}", soft_wrap=True, markup=False)
    return run.is_there()


def _check_resume(data: str | None, resume: str | None, restart: bool) -> None:
    if data is None and resume is None:
        raise OptionError("Missing argument 'DATA': see `kerasrecipes run --help`.")
    if resume is not None and restart:
        raise OptionError("--resume goes on with a run and --restart gives it up: choose one.")


def _check(options: dict[str, Any]) -> None:
    for name in ("human_error", "target_error"):
        value = options[name]
        if value is not None and not 0 <= value <= 1:
            flag = name.replace("_", "-")
            raise OptionError(
                f"--{flag} must be a fraction from 0 to 1, and is {value:g}: write 3 % as 0.03."
            )
    if not 0 <= options["seed"] <= LARGEST_SEED:
        raise OptionError(f"--seed must lie in 0 to {LARGEST_SEED}, and is {options['seed']}.")
    minutes = options["budget_minutes"]
    if minutes is not None and not 0 < minutes < math.inf:
        raise OptionError(f"--budget-minutes must be above 0, and is {minutes:g}.")
    if options["device"] not in ("auto", "cpu", "gpu"):
        raise OptionError(f"--device must be cpu, gpu or auto, and is {options['device']!r}.")
    if options["task"] not in ("auto", "classification", "regression"):
        raise OptionError(
            f"--task must be classification or regression (or auto), and is {options['task']!r}."
        )
