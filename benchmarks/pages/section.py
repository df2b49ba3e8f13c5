"""Lines between their marks in a page of the documentation, the rest of it as it was."""

from __future__ import annotations

from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results.md"


def put_between(page: str, mark: str, lines: list[str]) -> str:
    """The page with the lines between its marks, at its end where it has none."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    if begin not in page:
        page += f"\n{begin}\n{end}\n"
    before, _, rest = page.partition(begin)
    return before + "\n".join([begin, *lines, end]) + rest.partition(end)[2]


def write_section(mark: str, lines: list[str], page: Path = RESULTS) -> None:
    """Writes the lines into a page."""
    page.write_text(put_between(page.read_text(encoding="utf-8"), mark, lines), encoding="utf-8")
