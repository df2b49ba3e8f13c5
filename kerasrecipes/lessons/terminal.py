"""What a recipe prints while it runs: on a terminal, into a file, or in a notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import rich.box
import rich.console
import rich.progress
import rich.table
import rich.text

from kerasrecipes.report.content import Figure, Table

if TYPE_CHECKING:
    from kerasrecipes.lessons.telling import Claim

Item = TypeVar("Item")
NARROWEST = 60  # columns that a table needs to be legible
BROKEN_PIPE = 141  # what a shell says of a program whose reader has gone


class Console(rich.console.Console):
    """A console that ends the program when nobody reads any more, and not as a broken claim."""

    def on_broken_pipe(self) -> None:
        """Ends with the exit status of SIGPIPE."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(BROKEN_PIPE)


class Terminal:
    """Prints what a lesson shows.

    Args:
        silent: Bool. Print nothing, as with `--json`.
    """

    def __init__(self, silent: bool = False) -> None:
        self.silent = silent
        self._console = Console(quiet=silent, highlight=False)
        wide = max(NARROWEST, self._console.width) if sys.stdout.isatty() else 100
        self._console.width = wide

    def heading(self, title: str) -> None:
        """Prints the heading of a part."""
        self._console.print()
        self._console.print(rich.text.Text(title, style="bold"))

    def text(self, text: str) -> None:
        """Prints a paragraph."""
        self._console.print(text, markup=False)

    def table(self, table: Table) -> None:
        """Prints a table, its caption above it."""
        shown = rich.table.Table(
            title=rich.text.Text(table.caption), title_justify="left", box=rich.box.SIMPLE_HEAD
        )
        for column, side in zip(table.columns, table.alignments, strict=True):
            shown.add_column(rich.text.Text(column), justify=_JUSTIFY[side], overflow="fold")
        for row in table.text:
            shown.add_row(*(rich.text.Text(cell) for cell in row))
        self._console.print(shown)

    def figure(self, figure: Figure) -> None:
        """Shows a figure where figures can be shown: in a notebook."""
        if _in_a_notebook() and isinstance(figure.image, str):
            from IPython.display import SVG, display

            display(SVG(figure.image))

    def claim(self, claim: Claim) -> None:
        """Prints a claim, and whether it held."""
        mark, style = ("holds", "green") if claim.holds else ("does NOT hold", "bold red")
        line = rich.text.Text.assemble((f"{mark}: ", style), claim.text)
        self._console.print(line.append(f" ({claim.measured})" if claim.measured else ""))

    def progress(self, items: Iterable[Item], label: str) -> Iterator[Item]:
        """Yields the items, with a bar on standard error while they last."""
        console = rich.console.Console(stderr=True)
        if self.silent or not console.is_terminal:
            yield from items
        else:
            yield from rich.progress.track(items, label, console=console, transient=True)

    def end(self, text: str) -> None:
        """Prints the last lines."""
        self._console.print()
        self._console.print(text, markup=False, soft_wrap=True)


_JUSTIFY: Any = {"left": "left", "right": "right", "center": "center"}


def _in_a_notebook() -> bool:
    """Whether a kernel of Jupyter runs this."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    return type(running).__name__ == "ZMQInteractiveShell"
