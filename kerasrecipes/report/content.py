"""What a report says, as plain frozen values; how it looks is the business of `page`."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

import numpy as np

from kerasrecipes.report.svg import inline

Cell = str | int | float | None
Align = Literal["left", "right", "center"]
Tone = Literal["neutral", "good", "warn", "bad"]


@dataclass(frozen=True)
class Fact:
    """One card of the answer: a label, a large value and a small note.

    Args:
        label: What is told, e.g. `"Test error"`.
        value: The answer itself, e.g. `"1.4 %"` or one short sentence.
        note: What qualifies it, e.g. `"95 % interval 0.6 to 3.2 %"`.
        tone: `"neutral"`, `"good"`, `"warn"` or `"bad"`; shown as a colour and as a word.

    Raises:
        ValueError: If `tone` is none of the four.

    Example:
    >>> Fact("Test error", "1.4 %", note="95 % interval 0.6 to 3.2 %", tone="good").value
    '1.4 %'
    """

    label: str
    value: str
    note: str = ""
    tone: Tone = "neutral"

    def __post_init__(self) -> None:
        _check_choice("tone", self.tone, get_args(Tone))


@dataclass(frozen=True)
class Table:
    """A table of text and numbers; long text wraps, and a wide table scrolls in its own box.

    Args:
        columns: Headings, one string a column.
        rows: Sequence of rows, each with one cell a column. A cell is a string, a number
            (shown with four digits) or `None` (shown, like NaN, as a dash).
        caption: What the table shows.
        align: One of `"left"`, `"right"`, `"center"` a column; without it numbers stand right
            and text left.
        highlight: Indices of the rows that stand out, e.g. the step that was kept.

    Raises:
        TypeError: If a cell is neither a string, a number nor `None`.
        ValueError: If a row is longer or shorter than `columns`, or an alignment is unknown.

    Example:
    >>> table = Table(("part", "examples"), [("train", 1078), ("dev", 359)])
    >>> table.alignments
    ('left', 'right')
    >>> table.text[0]
    ('train', '1078')
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    align: Sequence[Align] | None = None
    highlight: Sequence[int] = ()

    def __post_init__(self) -> None:
        for index, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(
                    "Each of `rows` must have one cell a column, or cells stand under the wrong "
                    f"heading. Received: {len(row)} cells in row {index}, {len(self.columns)} "
                    "columns. Fill the missing cells with None."
                )
        _ = self.text
        if self.align is not None:
            _check_alignments(self.align, len(self.columns))
        for index in self.highlight:
            if not 0 <= index < len(self.rows):
                raise ValueError(
                    f"`highlight` must name rows of the table, 0 to {len(self.rows) - 1}. "
                    f"Received: highlight={tuple(self.highlight)}."
                )

    @property
    def text(self) -> tuple[tuple[str, ...], ...]:
        """The cells as they are shown."""
        return tuple(tuple(cell_text(cell) for cell in row) for row in self.rows)

    @property
    def alignments(self) -> tuple[str, ...]:
        """The alignment of each column, as given or found from its cells."""
        if self.align is not None:
            return tuple(self.align)
        columns = [[row[index] for row in self.rows] for index in range(len(self.columns))]
        return tuple("right" if _is_numeric(column) else "left" for column in columns)


@dataclass(frozen=True)
class Figure:
    """A picture with its caption, and in words for those who cannot see it.

    Args:
        name: Lower-case words joined by hyphens, unique in its page; it prefixes the ids inside
            the picture, so that two pictures in one page never share an id.
        image: SVG text, or the bytes of a PNG file.
        caption: What the picture shows and what to read from it.
        alt: The same in words, for a screen reader.
        wide: Bool. Take the whole width of the page where other figures stand in pairs.

    Raises:
        TypeError: If `image` is neither text nor bytes.
        ValueError: If `name` has other characters, `alt` is empty, the bytes are no PNG, or the
            SVG is broken or holds scripts or links to anything outside itself.

    Example:
    >>> svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0H9"/></svg>'
    >>> Figure("a-line", svg, caption="A line.", alt="A horizontal line.").name
    'a-line'
    """

    name: str
    image: str | bytes
    caption: str
    alt: str
    wide: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", self.name):
            raise ValueError(
                "`name` must be lower-case words joined by single hyphens: it becomes part of the "
                f"page's ids. Received: name={self.name!r}. Write e.g. 'cost-curves'."
            )
        if not isinstance(self.alt, str) or not self.alt.strip():
            raise ValueError(
                "`alt` must say in words what the picture shows: a screen reader has nothing "
                f"else. Received: alt={self.alt!r} for the figure {self.name!r}."
            )
        _check_image(self.image, self.name)


class FindingLike(Protocol):
    """What `Findings` reads of each finding; `kerasrecipes.diagnosis.Finding` has it all."""

    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def severity(self) -> str: ...  # noqa: D102
    @property
    def where(self) -> str | None: ...  # noqa: D102
    @property
    def evidence(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def advice(self) -> str: ...  # noqa: D102
    @property
    def reference(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Findings:
    """A list of findings, each with its severity, evidence and advice.

    Args:
        items: Objects with the attributes `code`, `severity` (`"error"`, `"warning"` or
            `"note"`), `where`, `evidence` (a mapping), `advice` and `reference`.
        empty: What to say when there is none.

    Raises:
        TypeError: If an item has no severity.
        ValueError: If a severity is unknown.

    Example:
    >>> Findings(()).empty
    'Nothing found.'
    """

    items: Sequence[FindingLike]
    empty: str = "Nothing found."

    def __post_init__(self) -> None:
        for item in self.items:
            if not hasattr(item, "severity"):
                raise TypeError(
                    "`items` must hold findings, with a severity, a code and advice. Received: "
                    f"{type(item).__name__}. Use `kerasrecipes.diagnosis.Finding`."
                )
            _check_choice("severity", item.severity, ("error", "warning", "note"))


@dataclass(frozen=True)
class Section:
    """A part of the page under its own heading.

    Args:
        title: The heading, also the entry in the table of contents.
        text: Paragraphs, parted by blank lines.
        body: Sequence of `Table`, `Figure` and `Findings`, in reading order. Figures that follow
            each other stand side by side where there is room.

    Raises:
        TypeError: If something else is in `body`.

    Example:
    >>> Section("Data", text="First.\\n\\nSecond.").paragraphs
    ('First.', 'Second.')
    """

    title: str
    text: str = ""
    body: Sequence[Table | Figure | Findings] = ()

    def __post_init__(self) -> None:
        for index, block in enumerate(self.body):
            if not isinstance(block, Table | Figure | Findings):
                raise TypeError(
                    "`body` must hold Table, Figure and Findings only. Received: "
                    f"{type(block).__name__} at index {index} of the section {self.title!r}. "
                    "Put plain text into `text`."
                )

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The text, one string a paragraph."""
        return tuple(part.strip() for part in re.split(r"\n\s*\n", self.text) if part.strip())


@dataclass(frozen=True)
class Page:
    """A whole report: the answer first, then the sections that led to it.

    Args:
        title: The heading of the page, e.g. the name of the data.
        subtitle: One line beneath it.
        answer: Sequence of `Fact`, the cards at the top.
        sections: Sequence of `Section`, in reading order.
        footer: The last line, e.g. version and date.

    Raises:
        TypeError: If `answer` holds something else than facts, or `sections` than sections.
        ValueError: If two figures have the same name.

    Example:
    >>> Page("digits", answer=(Fact("Test error", "1.4 %"),)).answer[0].label
    'Test error'
    """

    title: str
    subtitle: str = ""
    answer: Sequence[Fact] = ()
    sections: Sequence[Section] = ()
    footer: str = ""

    def __post_init__(self) -> None:
        for argument, kind in (("answer", Fact), ("sections", Section)):
            for entry in getattr(self, argument):
                if not isinstance(entry, kind):
                    raise TypeError(
                        f"`{argument}` must hold {kind.__name__} only. Received: "
                        f"{type(entry).__name__}. Put it into a {kind.__name__} first."
                    )
        seen: set[str] = set()
        for section in self.sections:
            for block in section.body:
                if isinstance(block, Figure):
                    if block.name in seen:
                        raise ValueError(
                            "Each figure of a page must have a name of its own: it prefixes the "
                            f"ids inside. Received: name={block.name!r} twice. Pass `name=` to "
                            "the function that draws it."
                        )
                    seen.add(block.name)


def cell_text(cell: object) -> str:
    """Returns a cell as it is shown: numbers with four digits, what is missing as a dash."""
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool | np.bool_):
        return "yes" if cell else "no"
    if isinstance(cell, numbers.Integral):
        return str(int(cell)).replace("-", "−")
    if isinstance(cell, numbers.Real):
        return _float_text(float(cell))
    raise TypeError(
        "A cell of `rows` must be a string, a number or None. "
        f"Received: {type(cell).__name__}. Turn it into text first."
    )


def _check_choice(argument: str, value: object, choices: Sequence[str]) -> None:
    if value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"`{argument}` must be one of {listed}. Received: {argument}={value!r}.")


def _check_alignments(align: Sequence[str], count: int) -> None:
    if isinstance(align, str) or len(align) != count:
        raise ValueError(
            f"`align` must be a sequence with one entry for each of the {count} columns. "
            f"Received: align={align!r}."
        )
    for entry in align:
        _check_choice("align", entry, get_args(Align))


def _check_image(image: object, name: str) -> None:
    if isinstance(image, str):
        inline(image, name)
    elif not isinstance(image, bytes):
        raise TypeError(
            "`image` must be SVG text or the bytes of a PNG file. "
            f"Received: {type(image).__name__} for the figure {name!r}."
        )
    elif not image.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError(
            "`image` given as bytes must be a PNG file. "
            f"Received: bytes that begin with {image[:8]!r} for the figure {name!r}."
        )


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
    return text.replace("-", "−")


def _is_numeric(cells: Sequence[object]) -> bool:
    present = [cell for cell in cells if cell is not None]
    return bool(present) and all(
        isinstance(cell, numbers.Real) and not isinstance(cell, bool) for cell in present
    )
