"""What is wrong with a model of your own: `check-gradients`, `diagnose`."""

from __future__ import annotations

from typing import Annotated

import typer

from kerasrecipes_cli.commands.arguments import AllowCode, AsJson, Data, Model, Target


def check_gradients(
    model: Model,
    data: Data,
    target: Target = None,
    loss: Annotated[
        str | None, typer.Option(help="Loss to check with, for a model saved without one.")
    ] = None,
    examples: Annotated[int, typer.Option(min=1, help="Rows of DATA to check on.")] = 16,
    method: Annotated[
        str, typer.Option(help="exact, directional, or auto (exact up to 10,000 parameters).")
    ] = "auto",
    allow_code: AllowCode = False,
    as_json: AsJson = False,
) -> None:
    """Compare the gradient of a model's cost with differences of the cost.

    Exit status 1 if a variable's gradient disagrees by more than rounding and kinks explain.
    """
    from kerasrecipes_cli.check_gradients import check_gradients_command

    check_gradients_command(
        model, data, target, loss, examples, method, allow_code=allow_code, as_json=as_json
    )


def diagnose(
    model: Model,
    data: Data,
    target: Target = None,
    epochs: Annotated[
        int, typer.Option(min=1, help="Epochs that you mean to train: too few are a fault too.")
    ] = 20,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Batch size that you mean to train with. Default: 32.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="Time for the trainings of the copy. Default: 15.")
    ] = None,
    as_json: AsJson = False,
    report: Annotated[
        str | None, typer.Option(metavar="FILE.html", help="Write the findings with figures too.")
    ] = None,
    allow_code: AllowCode = False,
) -> None:
    """Say what is wrong with a model's training, where, and what to do.

    Looks at the model, its loss, its optimizer and the data, then trains a copy briefly, a fifth of
    DATA held out. Exit status 0 if it is healthy, 1 if there is an error or a warning.
    """
    from kerasrecipes_cli.diagnose import diagnose_command

    options = {"epochs": epochs, "batch_size": batch_size, "seconds": seconds}
    given = {name: value for name, value in options.items() if value is not None}
    diagnose_command(model, data, target, given, as_json, report, allow_code=allow_code)
