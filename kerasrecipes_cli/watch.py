"""`kerasrecipes watch`: many runs on one page."""

from __future__ import annotations

import functools

from kerasrecipes_cli.errors import OptionError
from kerasrecipes_cli.quiet import load_keras


def watch_command(directory: str, host: str, port: int, token: str | None) -> None:
    """Serves the page until Ctrl-C, which ends it with exit status 0.

    Args:
        directory: Where the runs lie.
        host: Name or address to bind to.
        port: 0 for a free one.
        token: None for a random one.

    Raises:
        OptionError: If one of these cannot be used.
    """
    load_keras()
    from kerasrecipes.data.visible import visible
    from kerasrecipes.live.runs.watch import watch

    try:
        watch(directory, host, port, token, functools.partial(print, flush=True))
    except (ValueError, OSError, ModuleNotFoundError) as error:
        raise OptionError(visible(str(error))) from error
