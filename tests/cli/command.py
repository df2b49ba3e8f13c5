"""The command line called in this process, as a shell would call it in another."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kerasrecipes_cli.app import main

RUN_FILES = ("encoding.json", "history.csv", "model.keras", "report.html", "result.json")


class Outcome(NamedTuple):
    """How a command ended: its exit status and what it wrote."""

    status: int
    out: str
    err: str


def call(*arguments: object, directory: Path | None = None) -> Outcome:
    """Runs `kerasrecipes ARGUMENTS` in `directory`; an exception that it lets through is raised."""
    out, err = io.StringIO(), io.StringIO()
    with (
        _arguments(*arguments),
        contextlib.chdir(directory or os.getcwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            return Outcome(int(ended.code or 0), out.getvalue(), err.getvalue())
    return Outcome(0, out.getvalue(), err.getvalue())


def refusal(*arguments: object, directory: Path) -> str:
    """The line with which a command refuses its input; checks what every refusal owes its reader.

    Exit status 2, one line on standard error that begins with `error: `, no traceback, and every
    file and folder below `directory` as it was.
    """
    before = snapshot(directory)
    outcome = call(*arguments, directory=directory)
    assert outcome.status == 2, outcome
    assert outcome.err.startswith("error: "), outcome.err
    assert outcome.err.endswith("\n"), outcome.err
    assert outcome.err.count("\n") == 1, outcome.err
    assert "Traceback" not in outcome.out + outcome.err
    assert snapshot(directory) == before
    return outcome.err


def snapshot(directory: Path) -> dict[str, bytes | None]:
    """Everything below a directory: the bytes of files, None for folders."""
    return {
        str(path.relative_to(directory)): None if path.is_dir() else path.read_bytes()
        for path in sorted(directory.rglob("*"))
    }


@contextlib.contextmanager
def _arguments(*arguments: object) -> Iterator[None]:
    kept = sys.argv
    sys.argv = ["kerasrecipes", *map(str, arguments)]
    try:
        yield
    finally:
        sys.argv = kept
