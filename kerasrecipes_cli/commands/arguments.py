"""Arguments that several commands take, and whether one was given."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from kerasrecipes_cli import scripts

DATA_ARGUMENT: Any = typer.Argument(
    metavar="DATA",
    help="A data set (digits, breast_cancer, wine, diabetes, iris, mnist, fashion_mnist, "
    "cifar10) or a .csv, .npz or .parquet file.",
)
Data = Annotated[str, DATA_ARGUMENT]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

AllowCode = Annotated[
    bool,
    typer.Option(
        "--allow-code",
        help="Load a model that holds Python code (such as Lambda layers), and run that code. Only "
        "for files of people you trust.",
    ),
]

MODEL_ARGUMENT: Any = typer.Argument(
    metavar="MODEL", help="A compiled .keras model, or the directory of a run."
)
Model = Annotated[str, MODEL_ARGUMENT]

TARGET_OPTION: Any = typer.Option(help="Column of the target, of a table.")
Target = Annotated[str | None, TARGET_OPTION]

RUN_ARGUMENT: Any = typer.Argument(
    metavar="RUN",
    help="The directory that Babysitter(directory=...) was given, or the address that it printed.",
)
Run = Annotated[str, RUN_ARGUMENT]

RECIPE_ARGUMENT: Any = typer.Argument(
    metavar="NAME", help="A name from `kerasrecipes recipes`.", autocompletion=scripts.completed
)
Recipe = Annotated[str, RECIPE_ARGUMENT]


def was_given(context: typer.Context, name: str) -> bool:
    """Whether an option was written on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
