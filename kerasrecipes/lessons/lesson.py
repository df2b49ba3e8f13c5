"""What a recipe tells: text, tables, figures and claims, in reading order."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from kerasrecipes import devices
from kerasrecipes.lessons.options import Options
from kerasrecipes.report.content import Cell, Figure, Section, Table
from kerasrecipes.report.figures import drawing, from_matplotlib
from kerasrecipes.report.figures.canvas import label_logs

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Sheet

    from kerasrecipes.lessons.terminal import Terminal

Item = TypeVar("Item")


@dataclass(frozen=True)
class Claim:
    """One sentence that a recipe checks.

    Args:
        text: What is claimed, e.g. `"dropout leaves the expected activation as it is"`.
        holds: Bool. Whether it was so in this run.
        measured: The numbers that decided, e.g. `"0.998 of 1 on average"`.
    """

    text: str
    holds: bool
    measured: str = ""


class Lesson:
    """What a recipe shows, printed as it comes and kept for its page.

    A recipe gets one from `kr.lesson`, a notebook from `kr.lessons.begin`.

    Args:
        name: Name of the recipe.
        docstring: What it is for; the first line is the title of its page.
        options: The `Options` of the run.
        terminal: Where it prints.

    Attributes:
        name, docstring, options: As given.
        sections: List of `(title, text, blocks)`, what was shown so far.
        claims: List of `Claim`.

    Example:
    >>> from pathlib import Path
    >>> from kerasrecipes.lessons.terminal import Terminal
    >>> options = Options(quick=True, seed=5, out=Path("runs"))
    >>> lesson = Lesson("averages", "Averages: ...", options, Terminal(silent=True))
    >>> lesson.seeds, lesson.pick(quick=2, full=50)
    ((5, 6, 7), 2)
    """

    def __init__(self, name: str, docstring: str, options: Options, terminal: Terminal) -> None:
        self.name, self.docstring, self.options = name, docstring, options
        self.sections: list[tuple[str, list[str], list[Table | Figure]]] = []
        self.claims: list[Claim] = []
        self.terminal = terminal
        self.placed = contextlib.ExitStack()  # holds the devices until the lesson ends
        self.began = time.perf_counter()

    @property
    def seeds(self) -> tuple[int, int, int]:
        """Three seeds, for a claim about learning."""
        first = self.options.seed
        return first, first + 1, first + 2

    @property
    def compile_options(self) -> dict[str, Any]:
        """What the devices ask of `model.compile`: `model.compile(..., **compile_options)`."""
        return devices.compile_options()

    def pick(self, *, quick: Item, full: Item) -> Item:
        """Returns the first with `--quick`, else the second."""
        return quick if self.options.quick else full

    def section(self, title: str) -> None:
        """Begins a part with its own heading."""
        self.sections.append((title, [], []))
        self.terminal.heading(title)

    def say(self, text: str) -> None:
        """Adds a paragraph."""
        self._here()[1].append(text)
        self.terminal.text(text)

    def table(self, caption: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """Adds a table: one cell a column in each row, numbers shown with four digits."""
        table = Table(tuple(columns), tuple(tuple(row) for row in rows), caption)
        self._here()[2].append(table)
        self.terminal.table(table)

    def figure(self, figure: Figure) -> None:
        """Adds a figure of `kr.report.figures`."""
        self._here()[2].append(figure)
        self.terminal.figure(figure)

    @contextlib.contextmanager
    def sheet(
        self,
        name: str,
        caption: str,
        alt: str,
        *,
        width: float = 4.6,
        height: float = 2.9,
        wide: bool = False,
    ) -> Iterator[Sheet]:
        """Gives an empty matplotlib figure in the look of the reports, and adds it when it is done.

        Args:
            name: Lower-case words joined by hyphens, unique in the recipe.
            caption: What the picture shows and what to read from it.
            alt: The same in words, for a screen reader.
            width: Inches; twice the default with `wide=True` for panels side by side.
            height: Inches.
            wide: Bool. Take the whole width of the page.

        Yields:
            A `matplotlib.figure.Figure`; `sheet.subplots()` gives its axes.
        """
        with drawing(width, height) as sheet:
            yield sheet
            label_logs(sheet)
            figure = from_matplotlib(sheet, name=name, caption=caption, alt=alt, wide=wide)
        self.figure(figure)

    def claim(self, text: str, holds: Any, measured: str = "") -> None:
        """States a claim and whether it held; one that did not makes the exit status 1."""
        claim = Claim(text, bool(holds), measured)
        self.claims.append(claim)
        self.terminal.claim(claim)

    def progress(self, items: Iterable[Item], label: str) -> Iterator[Item]:
        """Yields the items, with a bar on a terminal."""
        return self.terminal.progress(items, label)

    def page_sections(self) -> tuple[Section, ...]:
        """What was shown, as the sections of a report."""
        return tuple(
            Section(title, "\n\n".join(text), tuple(blocks))
            for title, text, blocks in self.sections
        )

    def _here(self) -> tuple[str, list[str], list[Table | Figure]]:
        if not self.sections:
            self.sections.append(("What was measured", [], []))
        return self.sections[-1]
