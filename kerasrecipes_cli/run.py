"""`kerasrecipes run`: the main job with its display."""

from __future__ import annotations

import math
import sys
from typing import Any

from kerasrecipes_cli.errors import OptionError
from kerasrecipes_cli.quiet import load_keras

LARGEST_SEED = 2**31 - 1


def run_command(*, quiet: bool, **options: Any) -> None:
    """Runs the main job, shows it, and says where its files are."""
    _check(options)
    if not quiet:
        _announce(options["data"])
    load_keras()
    from kerasrecipes.recipe import JobOptions, run_job
    from kerasrecipes_cli.console import Console
    from kerasrecipes_cli.display import Display, result_lines

    console = Console(highlight=False, emoji=False)
    if quiet:
        job = run_job(JobOptions(**options))
    else:
        with Display(console) as display:
            job = run_job(JobOptions(**options), display)
    for line in result_lines(job):
        console.print(line, soft_wrap=True)
    if job.interrupted:
        console.print("interrupted: the best model so far was saved.", soft_wrap=True)
        sys.exit(2)


def _announce(data: str) -> None:
    """Says what is loaded, before that takes its seconds."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, emoji=False)
    console.print(f"[bold]kerasrecipes[/] {escape(data)}: loading Keras ...", soft_wrap=True)


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
    if options["task"] not in ("auto", "classification", "regression"):
        raise OptionError(
            f"--task must be classification or regression (or auto), and is {options['task']!r}."
        )
