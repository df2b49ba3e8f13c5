"""A model trained on a table, and applied: `run`, `predict`."""

from __future__ import annotations

from typing import Annotated

import typer

from kerasrecipes_cli.commands.arguments import DATA_ARGUMENT, AllowCode, AsJson, was_given


def run(
    context: typer.Context,
    data: Annotated[str | None, DATA_ARGUMENT] = None,
    target: Annotated[
        str | None,
        typer.Option(help="Column to predict. Default: target, label, class, y or last."),
    ] = None,
    human_error: Annotated[
        float, typer.Option(help="Error that cannot be avoided, as a fraction: 0.01 is 1 %.")
    ] = 0.0,
    target_error: Annotated[
        float | None, typer.Option(help="Dev error at which to stop, as a fraction.")
    ] = None,
    budget_minutes: Annotated[
        float | None,
        typer.Option(help="Time for the trainings. Default: 2 for small data, 5 for large."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            help="Directory for the files; replaces an earlier run there. Default: runs/DATA-TIME"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    task: Annotated[
        str, typer.Option(help="classification or regression. Default: by the target.")
    ] = "auto",
    device: Annotated[str, typer.Option(help="cpu, gpu, or auto: a GPU if there is one.")] = "auto",
    mixed_precision: Annotated[
        bool, typer.Option("--mixed-precision", help="Compute in 16 bits where that is enough.")
    ] = False,
    jit: Annotated[
        bool | None,
        typer.Option("--jit/--no-jit", help="Compile by XLA or not. Default: as Keras chooses."),
    ] = None,
    data_parallel: Annotated[
        bool, typer.Option("--data-parallel", help="Split batches over all visible devices.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the result alone.")] = False,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="Go on with the run in DIR that was broken off, as it was begun."
        ),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Give up an unfinished run in the --out directory.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train and diagnose a model on DATA, and write a report.

    Splits the data, standardises on train alone, checks gradients, finds a learning rate, then
    walks the Basic Recipe: read bias and variance, act, repeat. The test set is touched once, at
    the end. Writes report.html, model.keras, encoding.json, result.json and history.csv.

    A run that was killed goes on with `--resume DIR`, and ends as if it had not been: DATA and the
    options are remembered, the budget counts time that was spent. On SIGTERM it saves and ends with
    exit status 75.
    """
    from kerasrecipes_cli.run import run_command

    options = {
        "data": data,
        "target": target,
        "task": task,
        "human_error": human_error,
        "target_error": target_error,
        "budget_minutes": budget_minutes,
        "out": out,
        "seed": seed,
        "device": device,
        "mixed_precision": mixed_precision,
        "jit": jit,
        "data_parallel": data_parallel,
    }
    given = {name: value for name, value in options.items() if was_given(context, name)}
    run_command(
        options=options, given=given, quiet=quiet, resume=resume, restart=restart, as_json=as_json
    )


def predict(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Directory of a finished run.")],
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A .csv, .npz or .parquet file with new rows.")
    ],
    out: Annotated[
        str | None, typer.Option(help="CSV file to write. Default: predictions.csv in RUN.")
    ] = None,
    allow_code: AllowCode = False,
    as_json: AsJson = False,
) -> None:
    """Apply the model of RUN to the rows of DATA, and write a table.

    The table has one line per row: the prediction, and for classes its confidence and the
    probability of each class.
    """
    from kerasrecipes_cli.predict import predict_command

    predict_command(run, data, out, allow_code, as_json)
