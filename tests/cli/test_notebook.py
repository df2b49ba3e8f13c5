"""Recipes as notebooks: their cells, and that they run."""

import json

import keras
import pytest

from kerasrecipes_cli import scripts
from kerasrecipes_cli.notebook import notebook, percent_script
from tests.cli.command import call, refusal

jupytext = pytest.importorskip("jupytext", reason="notebooks need the extra `docs`")

SCRIPT = '''"""Ones: they are one.

Purpose: to be small.
"""

import sys

import kerasrecipes as kr

# How many.
COUNT = 2


@kr.lesson
def main(lesson):
    """Tells it."""
    # First a comment
    # of two lines.
    value = ones()

    # Then another.
    if value:
        # inside a block

        # still inside
        value += 0
    lesson.claim("ones are one", value == 1)  # in the line


def ones():
    """One."""
    return 1


if __name__ == "__main__":
    sys.exit(main())
'''
EXECUTED = ("first_steps", "averages", "gradient_checking")


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "ones.py"
    path.write_text(SCRIPT)
    return path


def test_main_becomes_text_and_code_by_its_paragraphs(script):
    cells = [(cell.cell_type, cell.source) for cell in notebook(script).cells]
    assert cells == [
        ("markdown", "# Ones: they are one.\n\nPurpose: to be small."),
        ("code", "import sys\n\nimport kerasrecipes as kr\n\n# How many.\nCOUNT = 2"),
        ("code", 'def ones():\n    """One."""\n    return 1'),
        ("code", "lesson = kr.lessons.begin('ones', 'Ones: they are one.', ['--quick'])"),
        ("markdown", "First a comment of two lines."),
        ("code", "value = ones()"),
        ("markdown", "Then another."),
        (
            "code",
            "if value:\n    # inside a block\n\n    # still inside\n    value += 0\n"
            'lesson.claim("ones are one", value == 1)  # in the line',
        ),
        ("code", "kr.lessons.end(lesson)"),
    ]


def test_the_same_script_gives_the_same_notebook(script):
    assert notebook(script) == notebook(script)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("value = ones()", "return 1"), "must not return"),
        (("def main(lesson)", "def other(lesson)"), "must hold a recipe with a `main`"),
    ],
)
def test_what_cannot_be_a_notebook_is_refused(script, change, words):
    script.write_text(SCRIPT.replace(*change))
    with pytest.raises(ValueError, match=words):
        percent_script(script)


def test_the_command_writes_one_and_overwrites_none(tmp_path):
    outcome = call("notebook", "first_steps", directory=tmp_path)
    assert (outcome.status, outcome.out.strip()) == (0, "first_steps.ipynb")
    made = json.loads((tmp_path / "first_steps.ipynb").read_text())
    assert made["nbformat"] == 4
    assert "is there already" in refusal("notebook", "first_steps", directory=tmp_path)


@pytest.mark.parametrize("name", [name for name, _ in scripts.listed()])
def test_every_recipe_can_be_one(name):
    compile(percent_script(scripts.script_of(name)), name, "exec")


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="a notebook is the same on every backend"
)
@pytest.mark.parametrize("name", EXECUTED)
def test_it_runs_in_a_kernel(name, tmp_path):
    nbclient = pytest.importorskip("nbclient", reason="notebooks need the extra `docs`")
    made = notebook(scripts.script_of(name), ("--quick", "--out", str(tmp_path / "out")))
    nbclient.NotebookClient(made, timeout=600, kernel_name="python3").execute(cwd=str(tmp_path))
    assert made.cells[-1].outputs[-1].data["text/plain"] == "0"  # all claims hold
    assert (tmp_path / "out" / "report.html").is_file()
    shown = [output for cell in made.cells for output in cell.get("outputs", [])]
    assert any("image/svg+xml" in output.get("data", {}) for output in shown)
