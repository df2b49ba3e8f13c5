"""`kerasrecipes ...`: the commands, their help, and how they end."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
import typer.core

from kerasrecipes_cli.commands import fits, lessons, models, searches, training
from kerasrecipes_cli.errors import OptionError

BROKEN_PIPE = 141  # what a shell says of a program that SIGPIPE has ended
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
        except BrokenPipeError:  # whoever read has gone, as in `... | head -1`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(BROKEN_PIPE) from None


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

app.command()(training.run)
app.command()(training.predict)
app.command("check-gradients")(models.check_gradients)
app.command()(models.diagnose)
app.command(context_settings={"allow_extra_args": True})(searches.sweep)
app.command()(fits.nudge)
app.command()(fits.status)
app.command()(fits.watch)
app.command()(lessons.recipes)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)(lessons.recipe)
app.command()(lessons.notebook)


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
