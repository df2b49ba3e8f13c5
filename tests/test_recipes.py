"""Every recipe reads as a lesson and runs."""

import ast
import runpy
from pathlib import Path

import keras
import pytest

from tests.cli.command import call

FOLDER = Path(__file__).parents[1] / "recipes"
PATHS = sorted(FOLDER.glob("[a-z]*.py"))
each_recipe = pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])


def test_there_are_recipes():
    assert {path.stem for path in PATHS} >= {"basic_recipe", "gradient_checking"}


@each_recipe
def test_it_says_its_purpose_its_result_and_its_time(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    for part in ("Purpose: ", "Expected result: ", "Run time: "):
        assert part in docstring


@each_recipe
def test_it_stands_on_the_public_library(path):
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module)
    assert "kerasrecipes" in modules
    assert not any(name.startswith("kerasrecipes.") for name in modules)
    assert not modules & {"tensorflow", "jax", "torch", "keras.src"}


@each_recipe
def test_its_quick_mode_runs_and_its_claim_holds(path, capsys):
    main = runpy.run_path(str(path), run_name="recipe")["main"]
    assert main(["--quick"]) == 0
    assert "the claim holds" in capsys.readouterr().out


def test_the_command_line_runs_one():
    outcome = call("recipe", "gradient_checking", "--quick", "--seed", "1")
    assert outcome.status == 0
    assert outcome.err == ""
    assert "the claim holds" in outcome.out
    assert keras.config.floatx() == "float32"
