"""The recipes: `recipes`, `recipe`, `notebook`."""

from __future__ import annotations

from typing import Annotated

import typer

from kerasrecipes_cli import scripts
from kerasrecipes_cli.commands.arguments import AsJson, Recipe


def recipes(as_json: AsJson = False) -> None:
    """List the recipes, one line each."""
    if as_json:
        typer.echo(scripts.as_json())
        return
    width = max(len(name) for name, _ in scripts.listed())
    for name, summary in scripts.listed():
        typer.echo(f"{name:<{width}}  {summary}")


def recipe(context: typer.Context, name: Recipe) -> None:
    """Run the recipe NAME, a lesson that checks what it says; `recipe NAME --help` tells which.

    Every recipe takes --quick, --seed, --out, --device, --mixed-precision, --jit, --data-parallel
    and --json. Exit status 1 if one of its claims does not hold.
    """
    if name in ("--help", "-h"):
        typer.echo(context.get_help())
        return
    scripts.run_script(name, context.args)


def notebook(
    name: Recipe,
    out: Annotated[
        str | None, typer.Option(metavar="FILE.ipynb", help="Default: NAME.ipynb, here.")
    ] = None,
) -> None:
    """Write the recipe NAME as a notebook (needs the extra `docs`)."""
    from kerasrecipes_cli.notebook import write_notebook

    typer.echo(write_notebook(scripts.script_of(name), out or f"{name}.ipynb"))
