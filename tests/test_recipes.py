"""Every recipe reads as a lesson and runs."""

import ast
import json
import runpy
from pathlib import Path

import keras
import pytest

from tests.cli.command import call

FOLDER = Path(__file__).parents[1] / "recipes"
PATHS = sorted(FOLDER.glob("[a-z]*.py"))
each_recipe = pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
TOPICS = [
    "split",
    "bias_variance",
    "basic_recipe",
    "regularization",
    "dropout",
    "augmentation",
    "early_stopping",
    "ensembles",
    "normalizing_inputs",
    "vanishing_exploding",
    "gradient_checking",
    "mini_batches",
    "averages",
    "optimizers",
    "learning_rate_decay",
    "saddle_points",
    "hyperparameter_scales",
    "coarse_to_fine",
    "pandas_and_caviar",
    "batch_normalization",
    "softmax",
    "first_steps",
]

# Those that use more of a backend than `fit` and `predict`.
ON_EVERY_BACKEND = {
    *("batch_normalization", "ensembles", "first_steps", "gradient_checking", "optimizers"),
    *("hyperparameter_scales", "pandas_and_caviar", "saddle_points", "vanishing_exploding"),
}


def test_each_topic_of_the_course_has_its_recipe():
    assert sorted(TOPICS) == [path.stem for path in PATHS]


@each_recipe
def test_it_says_its_purpose_its_result_and_its_time(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert ": " in docstring.partition("\n")[0]
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
def test_its_quick_mode_runs_and_its_claims_hold(path, tmp_path, capsys):
    if keras.backend.backend() != "tensorflow" and path.stem not in ON_EVERY_BACKEND:
        pytest.skip("plain `fit`s, run on TensorFlow here; `make gpu-check` runs all on JAX")
    main = runpy.run_path(str(path), run_name="recipe")["main"]
    policy = keras.config.dtype_policy().name
    assert main(["--quick", "--out", str(tmp_path)]) == 0, capsys.readouterr().out
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert result["recipe"] == path.stem
    assert result["claims"]
    assert all(claim["holds"] for claim in result["claims"])
    blocks = [block for section in result["sections"] for block in section["blocks"]]
    assert any("table" in block for block in blocks)
    assert any("figure" in block for block in blocks)
    assert (tmp_path / "report.html").is_file()
    assert keras.config.dtype_policy().name == policy


def test_the_command_line_runs_one(tmp_path):
    outcome = call("recipe", "gradient_checking", "--quick", "--seed", "1", directory=tmp_path)
    assert outcome.status == 0
    assert outcome.err == ""
    assert "claims hold" in outcome.out
    assert (tmp_path / "runs" / "recipe-gradient_checking" / "report.html").is_file()
    assert keras.config.floatx() == "float32"


@pytest.mark.parametrize("options", [["--mixed-precision"], ["--device", "cpu", "--jit"]], ids=str)
def test_one_runs_as_it_is_told_to(options, tmp_path, capsys):
    main = runpy.run_path(str(FOLDER / "softmax.py"), run_name="recipe")["main"]
    assert main(["--quick", "--out", str(tmp_path), *options]) == 0, capsys.readouterr().out
