"""The recipes: scripts that are found, listed by their docstrings, and run."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import json
import re
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerasrecipes_cli.errors import OptionError


def listed() -> list[tuple[str, str]]:
    """Name of every recipe, by name, and its point: what follows the topic in its first line."""
    return [(path.stem, _summary(path)) for path in sorted(_folder().glob("[a-z]*.py"))]


def completed(incomplete: str) -> list[tuple[str, str]]:
    """The recipes whose names begin so, for the shell's completion."""
    return [(name, summary) for name, summary in listed() if name.startswith(incomplete)]


def as_json() -> str:
    """The recipes as a JSON list of `name` and `summary`."""
    return json.dumps([{"name": name, "summary": summary} for name, summary in listed()], indent=1)


def script_of(name: str) -> Path:
    """The file of a recipe.

    Raises:
        OptionError: If there is no such recipe.
    """
    known = [known for known, _ in listed()]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean `{near[0]}`? " if near else ""
        raise OptionError(f"there is no recipe `{name}`: {hint}the recipes are {', '.join(known)}.")
    return _folder() / f"{name}.py"


def run_script(name: str, arguments: Sequence[str]) -> None:
    """Runs a recipe as `python recipes/NAME.py ARGUMENTS` would.

    Its options are read first, so that `--help` and what is wrong with them come at once, before
    Keras is loaded.

    Raises:
        OptionError: If there is no such recipe.
        SystemExit: When it has ended, with its exit status.
    """
    from kerasrecipes_cli.quiet import load_keras
    from kerasrecipes_cli.working import working

    path = script_of(name)
    _options().parser(name, _docstring(path)).parse_args(arguments)
    sys.argv = [str(path), *arguments]
    with working("loading Keras"):
        load_keras()
    runpy.run_path(str(path), run_name="__main__")


def _options() -> Any:
    """`kerasrecipes/lessons/options.py` by its place: by its name, Keras would be loaded."""
    package = importlib.util.find_spec("kerasrecipes")
    if package is None or not package.submodule_search_locations:
        raise OptionError("the package `kerasrecipes` is not installed.")
    path = Path(package.submodule_search_locations[0], "lessons", "options.py")
    spec = importlib.util.spec_from_file_location("_recipe_options", path)
    if spec is None or spec.loader is None:
        raise OptionError(f"{path} cannot be read: install `kerasrecipes` again.")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _folder() -> Path:
    """`recipes/` of the installed package, or of the checkout."""
    installed = Path(__file__).parent / "recipes"
    return installed if installed.is_dir() else Path(__file__).parents[1] / "recipes"


def _summary(path: Path) -> str:
    line = _docstring(path).partition("\n")[0]
    point = line.partition(": ")[2] or line
    return point[0].upper() + point[1:] if re.match(r"a |[a-z]{2}", point) else point


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
