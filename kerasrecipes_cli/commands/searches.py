"""A search of hyperparameters: `sweep`."""

from __future__ import annotations

from typing import Annotated

import typer

from kerasrecipes_cli.commands.arguments import AsJson


def sweep(
    context: typer.Context,
    script: Annotated[
        str,
        typer.Argument(metavar="SCRIPT", help="A script that makes a tuner and calls its search."),
    ],
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that run trials; 0 runs SCRIPT alone.")
    ] = 0,
    ray: Annotated[bool, typer.Option("--ray", help="Workers as Ray tasks (extra `ray`).")] = False,
    deadline: Annotated[
        float, typer.Option(help="Seconds that a worker may be silent before it is given up.")
    ] = 30.0,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Of the chief. Default: a free one.")
    ] = None,
    logs: Annotated[
        str | None,
        typer.Option(help="Directory for what each process prints. Default: runs/sweep-SCRIPT"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the search of a keras-tuner SCRIPT, and see it through.

    Starts a chief and workers that run SCRIPT, shows what they do, and starts again what dies: its
    trials are run again, none is lost or counted twice. Killed and called again, it goes on where
    it was. What follows SCRIPT goes to it, its own options after `--`. Exit status 1 if the search
    failed.
    """
    from kerasrecipes_cli.sweep import sweep_command

    options = {
        "workers": workers,
        "runner": "ray" if ray else "processes",
        "deadline_seconds": deadline,
        "port": port,
        "logs": logs,
    }
    sweep_command(script, context.args, as_json, options)
