"""A diagnosis in a notebook: one small block of HTML that needs no style sheet of its own."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from kerasrecipes.data.visible import visible
from kerasrecipes.diagnosis.finding import Finding

if TYPE_CHECKING:
    from kerasrecipes.diagnosis.diagnosis import Diagnosis

COLOURS = {"error": "#b3261e", "warning": "#8a5a00", "note": "#586273"}
GOOD = "#17703f"


def as_html(diagnosis: Diagnosis) -> str:
    """The findings as a list, everything that comes from the user escaped and visible.

    Colours are those of text and borders alone, so that it reads on light and on dark pages.
    """
    colour = GOOD if diagnosis.healthy else COLOURS[diagnosis.findings[0].severity]
    reading = ""
    if diagnosis.bias_variance:
        reading = f"<p style='margin:.4em 0'>{_text(str(diagnosis.bias_variance))}</p>"
    items = "".join(_item(finding) for finding in diagnosis.findings)
    items += _prescribed(diagnosis)
    items += "".join(
        f"<p style='margin:.4em 0'><small>left out: {_text(reason)}</small></p>"
        for reason in diagnosis.left_out
    )
    return (
        "<div style='max-width:46em;line-height:1.45;overflow-wrap:anywhere'>"
        f"<p style='margin:.2em 0'><b style='color:{colour}'>{_text(diagnosis.summary())}</b></p>"
        f"{reading}{items}</div>"
    )


def _prescribed(diagnosis: Diagnosis) -> str:
    """The changes that mended the program, as a list."""
    changes = "".join(
        f"<li><code>{_text(change.line)}</code> <small>{_cause(change.cause)}: "
        f"{_text(change.gain())}</small></li>"
        for change in diagnosis.prescription()
    )
    if not changes:
        return ""
    title = "<b>prescription</b>, by retraining a copy with one thing changed:"
    return f"<div style='margin:.5em 0'>{title}<ul style='margin:.2em 0'>{changes}</ul></div>"


def _item(finding: Finding) -> str:
    place = f" in <code>{_text(finding.where)}</code>" if finding.where else ""
    colour = COLOURS[finding.severity]
    numbers, reference = _text(finding.numbers()), _text(finding.reference)
    return (
        f"<div style='border-left:3px solid {colour};margin:.5em 0;padding:.1em .8em'>"
        f"<b style='color:{colour}'>{_text(finding.severity)}</b> "
        f"<b>{_text(finding.code)}</b>{place} &rarr; {_cause(finding.cause)}<br>"
        f"{_text(finding.advice)}<br><small>{numbers}; {reference}</small></div>"
    )


def _cause(cause: str) -> str:
    return _text(cause.replace("_", " "))


def _text(text: str) -> str:
    return html.escape(visible(text))
