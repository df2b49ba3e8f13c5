"""Draws the floors of the architecture from the contract in `pyproject.toml`.

python -m docs.images.floors
"""

from __future__ import annotations

import html
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURE = Path(__file__).with_name("floors.svg")
WIDTH, HEIGHT, GAP, LEFT = 760, 44, 8, 40


def floors() -> list[list[str]]:
    """The rooms of each floor, the roof first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (
        contract
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    inside = [re.findall(r"\w+", layer) for layer in contract["layers"]]
    return [["kerasrecipes_cli", "recipes/"], *inside]


def drawn() -> str:
    """The picture, as SVG that follows the reader's light or dark."""
    rows = floors()
    height = len(rows) * (HEIGHT + GAP) + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="14">',
        "<title>The floors: a file imports only from floors below its own</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="10" fill="#f6f7f9"/>',
    ]
    for row, rooms in enumerate(rows):
        parts += _floor(len(rows) - 1 - row, rooms, GAP + row * (HEIGHT + GAP))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _floor(number: int, rooms: list[str], top: int) -> list[str]:
    width = (WIDTH - LEFT - GAP * (len(rooms) + 1)) / len(rooms)
    middle = top + HEIGHT / 2 + 5
    parts = [
        f'<text x="{LEFT / 2}" y="{middle}" text-anchor="middle" fill="#586273">{number}</text>'
    ]
    for index, room in enumerate(rooms):
        x = LEFT + GAP + index * (width + GAP)
        parts.append(
            f'<rect x="{x:.1f}" y="{top}" width="{width:.1f}" height="{HEIGHT}" rx="6" '
            'fill="#eef3fc" stroke="#2457b8"/>'
            f'<text x="{x + width / 2:.1f}" y="{middle}" text-anchor="middle" fill="#1b2330">'
            f"{html.escape(room)}</text>"
        )
    return parts


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
    print(PICTURE)
