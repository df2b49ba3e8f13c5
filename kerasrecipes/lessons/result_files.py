"""The files of a recipe: its page, its figures, and `result.json` for scripts and the site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras

from kerasrecipes.checkpoints import write_bytes
from kerasrecipes.lessons.lesson import Lesson
from kerasrecipes.report.content import Fact, Figure, Page, Table
from kerasrecipes.report.page import write


def write_files(lesson: Lesson, facts: dict[str, Any]) -> dict[str, Any]:
    """Writes `report.html`, the figures and `result.json` into the lesson's directory.

    Args:
        lesson: The `Lesson`, after its last line.
        facts: What else `result.json` says: seconds, devices, versions.

    Returns:
        What `result.json` holds.

    Raises:
        OSError: If a file cannot be written.
    """
    folder = lesson.options.out
    folder.mkdir(parents=True, exist_ok=True)
    result = {
        "recipe": lesson.name,
        "summary": lesson.docstring.partition("\n")[0],
        "holds": all(claim.holds for claim in lesson.claims),
        **facts,
        "claims": [vars(claim) for claim in lesson.claims],
        "sections": [
            {"title": title, "text": text, "blocks": [_block(block, folder) for block in blocks]}
            for title, text, blocks in lesson.sections
        ],
    }
    write(_page(lesson, result), folder / "report.html")
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(folder / "result.json", text.encode("utf-8"))
    return result


def _block(block: Table | Figure, folder: Path) -> dict[str, Any]:
    """A table as its text, a figure as the file that it is written to."""
    if isinstance(block, Table):
        shown = {"columns": list(block.columns), "rows": [list(row) for row in block.text]}
        return {"table": shown, "align": list(block.alignments), "caption": block.caption}
    picture = block.image.encode("utf-8") if isinstance(block.image, str) else block.image
    file = f"{block.name}.{'svg' if isinstance(block.image, str) else 'png'}"
    write_bytes(folder / file, picture)
    return {"figure": file, "caption": block.caption, "alt": block.alt, "wide": block.wide}


def _page(lesson: Lesson, result: dict[str, Any]) -> Page:
    cards = [
        Fact(claim.text, "holds" if claim.holds else "does not hold", claim.measured, _tone(claim))
        for claim in lesson.claims
    ]
    mode = " with --quick" if lesson.options.quick else ""
    made = f"kerasrecipes recipe {result['recipe']}{mode}, {result['seconds']:.0f} s"
    return Page(
        result["summary"].partition(":")[0],
        result["summary"],
        cards,
        lesson.page_sections(),
        f"{made}, seed {lesson.options.seed}, Keras {keras.__version__} on "
        f"{keras.backend.backend()}, {result['device']}.",
    )


def _tone(claim: Any) -> Any:
    return "good" if claim.holds else "bad"
