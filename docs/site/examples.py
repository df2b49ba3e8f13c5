"""Lets the reference read "Example:" sections, which the sources write for one example."""

from __future__ import annotations

import re
from typing import Any

import griffe

HEADING = re.compile(r"^Example:\n", re.MULTILINE)


class Examples(griffe.Extension):
    """Hands them on as the "Examples:" that docstring parsers know, indented."""

    def on_instance(self, *, obj: griffe.Object, **options: Any) -> None:
        """Called for each module, class and function when it has been read."""
        if obj.docstring and HEADING.search(obj.docstring.value):
            before, after = HEADING.split(obj.docstring.value, maxsplit=1)
            obj.docstring.value = f"{before}Examples:\n{indented(after)}"


def indented(text: str) -> str:
    """The lines of an example that stands right under its heading, moved in."""
    lines = text.split("\n")
    end = next((i for i, line in enumerate(lines) if re.match(r"[A-Z][A-Za-z ]*:$", line)), None)
    example, rest = (lines, []) if end is None else (lines[:end], lines[end:])
    if any(line and not line.startswith("    ") for line in example):
        example = [f"    {line}" if line else line for line in example]
    return "\n".join([*example, *rest])
