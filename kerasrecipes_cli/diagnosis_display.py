"""A diagnosis on the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from kerasrecipes.diagnosis import Diagnosis, Finding

STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold blue"}


def show_diagnosis(diagnosis: Diagnosis, console: Console) -> None:
    """Prints the findings, the most severe first, what was left out, and the answer last.

    Args:
        diagnosis: What was found.
        console: Where to print.
    """
    for finding in diagnosis.findings:
        console.print(Group(*_finding(finding)))
    for reason in diagnosis.left_out:
        console.print(Text(f"left out: {reason}", style="dim"))
    console.print(_answer(diagnosis))


def _finding(finding: Finding) -> Iterator[RenderableType]:
    style = STYLES[finding.severity]
    place = f" in [bold]{escape(finding.where)}[/]" if finding.where else ""
    cause = finding.cause.replace("_", " ")
    yield Text.from_markup(
        f"[{style}]{finding.severity}[/] {escape(finding.code)}{place}: {escape(cause)}"
    )
    yield Padding(Text(finding.advice), (0, 0, 0, 4))
    yield Padding(Text(f"{finding.numbers()}; {finding.reference}", style="dim"), (0, 0, 1, 4))


def _answer(diagnosis: Diagnosis) -> Text:
    notes = sum(finding.severity == "note" for finding in diagnosis.findings)
    harmful = len(diagnosis.findings) - notes
    beside = f", {notes} note{'s' * (notes != 1)}" if notes else ""
    if diagnosis.healthy:
        return Text.from_markup(f"[bold green]healthy[/]: no error and no warning{beside}")
    plural = "s" * (harmful != 1)
    return Text.from_markup(f"[bold red]not healthy[/]: {harmful} finding{plural}{beside}")
