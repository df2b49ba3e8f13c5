"""A page turned into one HTML file that needs nothing from outside."""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
import numbers
import os
import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasrecipes.checkpoints import write_bytes
from kerasrecipes.data.visible import visible
from kerasrecipes.report.content import (
    Figure,
    FindingLike,
    Findings,
    Page,
    Section,
    Table,
    cell_text,
)
from kerasrecipes.report.svg import inline

if TYPE_CHECKING:
    from collections.abc import Iterator

    import jinja2
    import markupsafe

BROAD_POINTS = 400.0  # above the 331 that pictures have beside their caption


def render(page: Page) -> str:
    """Returns the page as one self-contained HTML document.

    It loads nothing and runs no script, and its Content-Security-Policy forbids both, and every
    style but its own sheet. All text is escaped, and its invisible signs are written out. It
    follows the reader's choice of light or dark, fits a phone, and prints.

    Args:
        page: The `Page` to show.

    Returns:
        The HTML text.

    Example:
    >>> html = render(Page("digits & letters"))
    >>> "<h1>digits &amp; letters</h1>" in html
    True
    """
    sheet = _style_sheet()
    digest = base64.b64encode(hashlib.sha256(sheet.encode("utf-8")).digest()).decode("ascii")
    return _template().render(
        page=page,
        blocks=_blocks,
        picture=_picture,
        place=_place,
        evidence=_evidence,
        sheet=sheet,
        digest=digest,
    )


def write(page: Page, path: str | os.PathLike[str]) -> Path:
    """Writes the page to `path`, whole or not at all.

    The text goes to a new file in the same directory, is flushed to the disk and then takes the
    place of `path` in one step: a reader sees the old report or the new one, never a part.

    Args:
        page: The `Page` to write.
        path: The file, e.g. `"report.html"`; its directory must exist.

    Returns:
        `path` as a `pathlib.Path`.

    Raises:
        OSError: If the file cannot be written; what was at `path` is then as before.

    Example:
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = write(Page("digits"), pathlib.Path(directory, "report.html"))
    ...     path.read_text(encoding="utf-8")[:15]
    '<!doctype html>'
    """
    return write_bytes(path, render(page).encode("utf-8", errors="replace"))


@functools.cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("kerasrecipes.report", ""),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


@functools.cache
def _style_sheet() -> markupsafe.Markup:
    """The sheet as it stands between the tags, sign by sign: the policy knows it by its hash."""
    from markupsafe import Markup

    return Markup(resources.files("kerasrecipes.report").joinpath("page.css").read_text("utf-8"))


def _shown(value: Any) -> Any:
    """Text without hidden signs, in which no line ends between a number and its percent sign."""
    if type(value) is not str:
        return value
    return re.sub(r"(?<=\d) %", "\u00a0%", visible(value))


def _blocks(section: Section) -> Iterator[tuple[str, list[Table | Figure | Findings]]]:
    """The body in runs of one kind, so that figures in a row share a grid."""
    for kind, run in itertools.groupby(section.body, key=_kind):
        yield kind, list(run)


def _kind(block: Table | Figure | Findings) -> str:
    return type(block).__name__.lower()


def _evidence(finding: FindingLike) -> list[tuple[str, str]]:
    return [
        (name, cell_text(value) if isinstance(value, numbers.Number) else str(value))
        for name, value in finding.evidence.items()
    ]


def _place(figure: Figure) -> str:
    """The classes of a figure; one drawn for panels side by side gets the room that they need."""
    if not figure.wide or isinstance(figure.image, bytes):
        return "wide" if figure.wide else ""
    size = re.search(r'viewBox="\S+ \S+ (\S+) ', figure.image)
    return "wide broad" if size and float(size[1]) > BROAD_POINTS else "wide"


def _picture(figure: Figure) -> markupsafe.Markup:
    """The picture as markup; the SVG has been cleaned and the words are escaped here."""
    from markupsafe import Markup

    if isinstance(figure.image, bytes):
        data = base64.b64encode(figure.image).decode("ascii")
        return Markup('<img src="data:image/png;base64,{}" alt="{}">').format(
            data, visible(figure.alt)
        )
    attributes = Markup(' role="img" aria-label="{}"').format(visible(figure.alt))
    svg = inline(figure.image, figure.name)
    return Markup("<svg") + attributes + Markup(svg.removeprefix("<svg"))
