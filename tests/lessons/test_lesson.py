"""A recipe's frame: what it shows is printed, kept, and judged by its claims."""

import hashlib
import json
import os
import runpy
import subprocess
import sys

import keras
import numpy as np
import pytest

SCRIPT = '''"""Averages: the average of ones is one.

Purpose: to be small.
"""
import keras
import kerasrecipes as kr

@kr.lesson
def main(lesson):
    """Tells it."""
    lesson.say("Nothing is trained.")
    lesson.section("A table & a figure")
    lesson.table("numbers", ("name", "value"), [("one [red]", 1.0), ("none", None)])
    with lesson.sheet("line", "A line.", "It rises.") as sheet:
        sheet.subplots().plot([0, 1])
    drawn = float(keras.random.uniform(()))
    lesson.claim("it is drawn", {HOLDS}, f"{drawn:.6f} of {lesson.pick(quick=1, full=2)}")
    first = lesson.options.seed
    lesson.claim("the seeds are three", lesson.seeds == (first, first + 1, first + 2))
'''


@pytest.fixture
def recipe(tmp_path):
    """Gives `main` of a small recipe, and the folder that it writes into."""

    def made(holds="True", source=SCRIPT):
        script = tmp_path / "averages.py"
        script.write_text(source.replace("{HOLDS}", holds))
        return runpy.run_path(str(script), run_name="recipe")["main"]

    return made


def test_a_recipe_whose_claims_hold_ends_with_0_and_leaves_its_files(recipe, tmp_path, capsys):
    out = tmp_path / "out"
    assert recipe()(["--out", str(out), "--quick"]) == 0
    assert {path.name for path in out.iterdir()} == {"report.html", "result.json", "line.svg"}
    result = json.loads((out / "result.json").read_text())
    assert result["recipe"] == "averages"
    assert result["summary"] == "Averages: the average of ones is one."
    assert result["holds"] is True
    assert result["quick"] is True
    assert result["backend"] == keras.backend.backend()
    script = (tmp_path / "averages.py").read_bytes()
    assert result["source_sha256"] == hashlib.sha256(script).hexdigest()
    first, second = result["sections"]
    assert (first["title"], first["text"]) == ("What was measured", ["Nothing is trained."])
    table, figure = second["blocks"]
    assert table["table"] == {
        "columns": ["name", "value"], "rows": [["one [red]", "1"], ["none", "–"]],
    }  # fmt: skip
    assert figure == {"figure": "line.svg", "caption": "A line.", "alt": "It rises.", "wide": False}
    shown = capsys.readouterr().out
    for text in ("Nothing is trained.", "A table & a figure", "one [red]", "all 2 claims hold"):
        assert text in shown
    page = (out / "report.html").read_text()
    assert "A table &amp; a figure" in page
    assert "it is drawn" in page


def test_a_claim_that_does_not_hold_makes_the_exit_status_1(recipe, tmp_path, capsys):
    assert recipe(holds="False")(["--out", str(tmp_path / "out")]) == 1
    shown = capsys.readouterr().out
    assert "does NOT hold: it is drawn" in shown
    assert "1 of 2 claims do NOT hold" in shown
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["holds"] is False
    assert [claim["holds"] for claim in result["claims"]] == [False, True]


@pytest.mark.parametrize("value", ["np.bool_(False)", "1 > 2", "np.float64(0)"])
def test_a_claim_takes_what_numpy_gives(recipe, tmp_path, value):
    source = SCRIPT.replace("import keras\n", "import keras\nimport numpy as np\n", 1)
    assert recipe(value, source)(["--out", str(tmp_path / "out"), "--json"]) == 1
    assert np.bool_(True)


def test_as_json_nothing_else_is_printed(recipe, tmp_path, capsys):
    assert recipe()(["--out", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recipe"] == "averages"


def test_the_seed_decides_what_is_drawn(recipe, tmp_path):
    drawn = []
    for seed in (0, 0, 1):
        assert recipe()(["--out", str(tmp_path / "out"), "--seed", str(seed)]) == 0
        claims = json.loads((tmp_path / "out" / "result.json").read_text())["claims"]
        drawn.append(claims[0]["measured"])
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_recipe_without_a_claim_is_refused(recipe, tmp_path):
    source = (
        '"""Nothing."""\nimport kerasrecipes as kr\n\n@kr.lesson\ndef main(lesson):\n    pass\n'
    )
    with pytest.raises(ValueError, match=r"must make a claim.*Received: no claim in 'averages'"):
        recipe(source=source)(["--out", str(tmp_path / "out")])


def test_an_error_of_a_recipe_is_not_swallowed(recipe, tmp_path):
    source = SCRIPT.replace('lesson.say("Nothing is trained.")', "1 / 0")
    with pytest.raises(ZeroDivisionError):
        recipe(source=source)(["--out", str(tmp_path / "out")])
    assert not (tmp_path / "out" / "result.json").exists()


def test_ctrl_c_ends_with_one_line_and_status_2(recipe, tmp_path, capsys):
    source = SCRIPT.replace('lesson.say("Nothing is trained.")', "raise KeyboardInterrupt")
    assert recipe(source=source)(["--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == "interrupted: the claims were not judged.\n"


def test_a_reader_that_goes_is_no_broken_claim(tmp_path):
    script = tmp_path / "averages.py"
    script.write_text(SCRIPT.replace("{HOLDS}", "True") + "\nraise SystemExit(main())\n")
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, str(script), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert done.returncode == 141, done.stderr
    assert "Traceback" not in done.stderr
