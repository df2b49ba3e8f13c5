"""The notebooks of the recipes, made when the site is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from mkdocs.structure.files import File, Files

from kerasrecipes_cli.notebook import notebook

RECIPES = Path(__file__).parents[2] / "recipes"


def on_files(files: Files, config: Any) -> Files:
    """Adds `notebooks/NAME.ipynb` for each recipe."""
    for path in sorted(RECIPES.glob("[a-z]*.py")):
        text = nbformat.writes(notebook(path))
        files.append(File.generated(config, f"notebooks/{path.stem}.ipynb", content=text))
    return files
