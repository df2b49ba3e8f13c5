"""`kerasrecipes ...`: the commands, their help, and how they end."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
import typer.core

from kerasrecipes_cli import scripts
from kerasrecipes_cli.errors import OptionError

USAGE_ERROR: Any = typer.BadParameter.__bases__[0]  # what Typer raises for a wrong argument


class Commands(typer.core.TyperGroup):
    """The commands, each of which bad input or Ctrl-C ends with one line and exit status 2."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Reads what stands before the command."""
        asked = bool(args)  # reading them empties the list
        try:
            return super().make_context(info_name, args, parent, **extra)
        except USAGE_ERROR as error:
            if not asked:  # Typer shows the help then
                raise
            raise _as_option_error(error) from None

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was asked for."""
        try:
            return super().invoke(ctx)
        except USAGE_ERROR as error:
            raise _as_option_error(error) from None
        except KeyboardInterrupt:
            typer.echo("interrupted: nothing was finished, and nothing was written.", err=True)
            raise typer.Exit(2) from None


def _as_option_error(error: Any) -> OptionError:
    """Wrong usage in one line, where Typer would draw a box of six."""
    command = error.ctx.command_path if error.ctx else "kerasrecipes"
    return OptionError(f"{error.format_message().strip().rstrip('.')}: see `{command} --help`.")


app = typer.Typer(
    name="kerasrecipes",
    cls=Commands,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Train a model and know why it is as good as it is: bias and variance read honestly, "
    "gradients checked, the Basic Recipe of the Deep Learning Specialization walked for you.",
    epilog="Exit status: 0 all is well, 1 a check failed, 2 bad input or interrupted: "
    "one line says what and why. 75: ended by SIGTERM, and can be resumed.",
)

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


@app.command()
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
    given = {name: value for name, value in options.items() if _was_given(context, name)}
    run_command(
        options=options, given=given, quiet=quiet, resume=resume, restart=restart, as_json=as_json
    )


@app.command()
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


@app.command("check-gradients")
def check_gradients(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="A compiled .keras model, or the directory of a run."),
    ],
    data: Data,
    target: Annotated[str | None, typer.Option(help="Column of the target, of a table.")] = None,
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


@app.command()
def diagnose(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="A compiled .keras model, or the directory of a run."),
    ],
    data: Data,
    target: Annotated[str | None, typer.Option(help="Column of the target, of a table.")] = None,
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


@app.command(context_settings={"allow_extra_args": True})
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


RUN_ARGUMENT: Any = typer.Argument(
    metavar="RUN",
    help="The directory that Babysitter(directory=...) was given, or the address that it printed.",
)
Run = Annotated[str, RUN_ARGUMENT]


@app.command()
def nudge(
    context: typer.Context,
    run: Run,
    learning_rate: Annotated[float | None, typer.Option(help="Move the learning rate.")] = None,
    momentum: Annotated[float | None, typer.Option(help="Move the momentum.")] = None,
    beta_1: Annotated[float | None, typer.Option("--beta-1", help="Move Adam's beta 1.")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="Move the weight decay.")] = None,
    clip_norm: Annotated[
        float | None, typer.Option(help="Clip gradients to this norm; 0 for no clipping.")
    ] = None,
    keep_prob: Annotated[
        list[str] | None,
        typer.Option(metavar="LAYER=P", help="Move the keep_prob of an InvertedDropout."),
    ] = None,
    decay_schedule: Annotated[
        bool | None,
        typer.Option(
            "--decay-schedule/--no-decay-schedule",
            help="Leave the learning rate to its schedule, or where it is now.",
        ),
    ] = None,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Also where a schedule or a callback sets it.")
    ] = False,
    pause: Annotated[bool, typer.Option("--pause", help="Wait before the next step.")] = False,
    go_on: Annotated[bool, typer.Option("--go-on", help="End the pause.")] = False,
    save: Annotated[bool, typer.Option("--save", help="Save now, to stay.")] = False,
    go_back: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Go back to this saved point.")
    ] = None,
    stop_after_epoch: Annotated[
        bool, typer.Option("--stop-after-epoch", help="End when this epoch has.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End with the next step.")] = False,
    note: Annotated[str, typer.Option(help="Why; kept with the nudge.")] = "",
) -> None:
    """Move a running fit: its learning rate, a pause, going back, ... (see Babysitter).

    What is asked for takes effect before the next step, in the order of this list, and is kept in
    nudges.json. Exit status 2 if something is refused, with the reason.
    """
    from kerasrecipes_cli.nudge import keep_probs, nudge_command

    values = {
        "learning_rate": learning_rate,
        "momentum": momentum,
        "beta_1": beta_1,
        "weight_decay": weight_decay,
        "clip_norm": clip_norm or None,
        "decay_schedule": decay_schedule,
        "go_back": go_back,
    }
    moved = ("learning_rate", "momentum", "beta_1", "weight_decay", "clip_norm", "decay_schedule")
    requests = [
        {"name": name, "value": values[name]} for name in moved if _was_given(context, name)
    ]
    requests += keep_probs(keep_prob or [])
    for name in ("pause", "go_on", "save", "go_back", "stop_after_epoch", "stop"):
        if _was_given(context, name):
            requests.append({"name": name, "value": values.get(name)})
    nudge_command(run, requests, note, take_over)


@app.command()
def status(
    run: Run,
    as_json: AsJson = False,
) -> None:
    """Say what a fit is like now: progress, cost, settings, findings (see Babysitter).

    With --json, all that its page shows, curves too.
    """
    from kerasrecipes_cli.status import status_command

    status_command(run, as_json)


@app.command()
def watch(
    directory: Annotated[
        str, typer.Argument(metavar="RUNS_DIR", help="Where the runs lie, such as runs.")
    ],
    host: Annotated[
        str, typer.Option(help="Name or address to bind to; others than this machine need --token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for a free one.")] = 0,
    token: Annotated[
        str | None, typer.Option(help="What whoever looks must have. Default: a random one.")
    ] = None,
) -> None:
    """Show live and finished runs below RUNS_DIR on one page, until Ctrl-C.

    Prints the address of the page. Fits with a Babysitter that has a directory, runs of `run`, and
    searches of keras-tuner with their trials are found up to four folders deep. Only their files
    are read; a live fit's row leads to its own page.
    """
    from kerasrecipes_cli.watch import watch_command

    watch_command(directory, host, port, token)


@app.command()
def recipes(
    as_json: AsJson = False,
) -> None:
    """List the recipes, one line each."""
    if as_json:
        typer.echo(scripts.as_json())
        return
    width = max(len(name) for name, _ in scripts.listed())
    for name, summary in scripts.listed():
        typer.echo(f"{name:<{width}}  {summary}")


RECIPE_ARGUMENT: Any = typer.Argument(
    metavar="NAME", help="A name from `kerasrecipes recipes`.", autocompletion=scripts.completed
)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def recipe(context: typer.Context, name: Annotated[str, RECIPE_ARGUMENT]) -> None:
    """Run the recipe NAME, a lesson that checks what it says; `recipe NAME --help` tells which.

    Every recipe takes --quick, --seed, --out, --device, --mixed-precision, --jit, --data-parallel
    and --json. Exit status 1 if one of its claims does not hold.
    """
    if name in ("--help", "-h"):
        typer.echo(context.get_help())
        return
    scripts.run_script(name, context.args)


@app.command()
def notebook(
    name: Annotated[str, RECIPE_ARGUMENT],
    out: Annotated[
        str | None, typer.Option(metavar="FILE.ipynb", help="Default: NAME.ipynb, here.")
    ] = None,
) -> None:
    """Write the recipe NAME as a notebook (needs the extra `docs`)."""
    from kerasrecipes_cli.notebook import write_notebook

    typer.echo(write_notebook(scripts.script_of(name), out or f"{name}.ipynb"))


def _was_given(context: typer.Context, name: str) -> bool:
    """Whether an option was written on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def main() -> None:
    """Runs the command line; what cannot be used ends in one line and exit status 2."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    try:
        app(prog_name="kerasrecipes")
    except Exception as error:
        if not _is_about_input(error):
            raise
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
        sys.exit(2)


def _is_about_input(error: Exception) -> bool:
    """Whether an exception speaks of what the user gave, in one line meant for them."""
    names = ("DataError", "DeviceError", "OptionError")
    return any(
        kind.__name__ in names and kind.__module__.startswith("kerasrecipes")
        for kind in type(error).__mro__
    )
