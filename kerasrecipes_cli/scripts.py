"""The recipes: scripts that are found, listed by their docstrings, and run."""

from __future__ import annotations

import ast
import difflib
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from kerasrecipes_cli.errors import OptionError


def listed() -> list[tuple[str, str]]:
    """Name and first line of the docstring of every recipe, by name."""
    return [(path.stem, _summary(path)) for path in sorted(_folder().glob("[a-z]*.py"))]


def run_script(name: str, arguments: Sequence[str]) -> None:
    """Runs a recipe as `python recipes/NAME.py ARGUMENTS` would.

    Raises:
        OptionError: If there is no such recipe.
    """
    known = [known for known, _ in listed()]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean `{near[0]}`? " if near else ""
        raise OptionError(f"there is no recipe `{name}`: {hint}the recipes are {', '.join(known)}.")
    path = _folder() / f"{name}.py"
    sys.argv = [str(path), *arguments]
    runpy.run_path(str(path), run_name="__main__")


def _folder() -> Path:
    """`recipes/` of the installed package, or of the checkout."""
    installed = Path(__file__).parent / "recipes"
    return installed if installed.is_dir() else Path(__file__).parents[1] / "recipes"


def _summary(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]
