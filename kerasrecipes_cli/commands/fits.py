"""A fit that is running: `nudge`, `status`, `watch`."""

from __future__ import annotations

from typing import Annotated

import typer

from kerasrecipes_cli.commands.arguments import AsJson, Run, was_given


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
    requests = [{"name": name, "value": values[name]} for name in moved if was_given(context, name)]
    requests += keep_probs(keep_prob or [])
    for name in ("pause", "go_on", "save", "go_back", "stop_after_epoch", "stop"):
        if was_given(context, name):
            requests.append({"name": name, "value": values.get(name)})
    nudge_command(run, requests, note, take_over)


def status(run: Run, as_json: AsJson = False) -> None:
    """Say what a fit is like now: progress, cost, settings, findings (see Babysitter).

    With --json, all that its page shows, curves too.
    """
    from kerasrecipes_cli.status import status_command

    status_command(run, as_json)


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
