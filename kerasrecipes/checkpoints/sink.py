"""Where the lines go that nobody asked for."""

import sys


def warn_on_stderr(line: str) -> None:
    """Prints a line on standard error at once."""
    print(line, file=sys.stderr, flush=True)
