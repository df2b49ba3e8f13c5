"""What `kerasrecipes run --resume DIR` may be given beside DIR: nothing else than before."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasrecipes.recipe import UnfinishedRun
from kerasrecipes_cli.errors import OptionError


def is_finished(directory: str) -> bool:
    """Whether the run in a directory is finished, so that nothing is left to do."""
    return not UnfinishedRun(directory).is_there() and Path(directory, "result.json").is_file()


def require_same(directory: str, given: Mapping[str, Any]) -> None:
    """Refuses options that are not those the run was begun with.

    Args:
        directory: Of an unfinished run.
        given: Fields of `JobOptions` that were written on the command line.

    Raises:
        DataError: If there is no unfinished run.
        OptionError: If one differs; the message names both.
    """
    options = UnfinishedRun(directory).options()
    for name, value in given.items():
        if name == "out":
            is_same, before = _same_place(value, directory), directory
        else:
            before = getattr(options, name)
            is_same = value == before or (name == "data" and _is_same_data(directory, value))
        if not is_same:
            raise OptionError(
                f"the run in `{directory}` was begun {_words(name, before)}, and not "
                f"{_words(name, value)}: leave that out, or begin another run."
            )


def _is_same_data(directory: str, value: str) -> bool:
    run = UnfinishedRun(directory)
    return _same_place(run.data(run.options()), value)


def _same_place(a: str, b: str) -> bool:
    return os.path.realpath(a) == os.path.realpath(b)


def _words(name: str, value: Any) -> str:
    if name == "data":
        return f"on `{value}`"
    flag = f"--{name.replace('_', '-')}"
    if name == "jit" and value is False:
        return "with --no-jit"
    if value is None or value is False:
        return f"without {flag}"
    return f"with {flag}" if value is True else f"with {flag} {value}"
