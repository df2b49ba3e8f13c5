"""The recipes are found, listed and run."""

import json

import pytest

from kerasrecipes_cli import scripts
from tests.cli.command import call, refusal

NAMES = [name for name, _ in scripts.listed()]


def test_each_recipe_is_listed_with_one_line():
    lines = call("recipes").out.splitlines()
    assert len(lines) == len(NAMES) >= 2
    for line, (name, summary) in zip(lines, scripts.listed(), strict=True):
        assert line.split() == [name, *summary.split()]
        assert len(summary) > 20
        assert len(line) <= 110


def test_an_unknown_recipe_is_refused_with_the_nearest_name(tmp_path):
    line = refusal("recipe", "gradient_cheking", directory=tmp_path)
    assert "did you mean `gradient_checking`?" in line
    assert ", ".join(NAMES) in line


def test_a_name_like_no_other_is_refused_with_all_names(tmp_path):
    line = refusal("recipe", "zzz", directory=tmp_path)
    assert "did you mean" not in line
    assert ", ".join(NAMES) in line


@pytest.mark.parametrize("name", ["../setup", "/etc/passwd", "__init__", "", "basic_recipe.py"])
def test_only_recipes_are_run(name, tmp_path):
    assert "there is no recipe" in refusal("recipe", name, directory=tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_what_follows_the_name_goes_to_the_recipe(name):
    outcome = call("recipe", name, "--help")
    assert outcome.status == 0
    assert "--quick" in outcome.out
    assert name in outcome.out


def test_the_exit_status_of_a_recipe_is_passed_on(tmp_path, monkeypatch):
    recipe = tmp_path / "claim.py"
    recipe.write_text('"""Claims in vain."""\nimport sys\nprint(sys.argv[1:])\nsys.exit(1)\n')
    monkeypatch.setattr(scripts, "_folder", lambda: tmp_path)
    outcome = call("recipe", "claim", "--seed", "3")
    assert outcome.status == 1
    assert outcome.out == "['--seed', '3']\n"


def test_the_list_as_json():
    listed = json.loads(call("recipes", "--json").out)
    assert [(row["name"], row["summary"]) for row in listed] == scripts.listed()


def test_a_wrong_option_is_said_in_one_line_before_keras_is_loaded(tmp_path):
    line = refusal("recipe", "gradient_checking", "--sed", "3", directory=tmp_path)
    assert "unrecognized arguments: --sed 3" in line
    assert not list(tmp_path.iterdir())


def test_names_are_completed():
    assert [name for name, _ in scripts.completed("gradient_c")] == ["gradient_checking"]
    assert scripts.completed("zzz") == []
