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
    """Prints the findings, then what mends it, what was left out, and the answer.

    Args:
        diagnosis: What was found.
        console: Where to print.
    """
    for finding in diagnosis.findings:
        console.print(Group(*_finding(finding)))
    changes = diagnosis.prescription()
    if changes:
        console.print(Text("prescription", style="bold"), "(a copy retrained with one change)")
        for change in changes:
            console.print(Padding(Text(str(change)), (0, 0, 0, 4)))
        console.print()
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
    style = "bold green" if diagnosis.healthy else "bold red"
    state, _, told = diagnosis.summary().partition(":")
    return Text.assemble((state, style), f":{told}")
