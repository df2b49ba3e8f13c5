"""The options of a recipe: read once, refused in one line."""

from pathlib import Path

import pytest

from kerasrecipes.lessons.options import Options, read_options


def test_what_is_not_said_has_its_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = read_options("dropout", "Dropout.", [])
    assert options == Options(quick=False, seed=0, out=Path("runs", "recipe-dropout"))
    assert options.out.is_dir()


def test_each_option_is_read(tmp_path):
    given = ["--quick", "--seed", "7", "--out", str(tmp_path), "--device", "cpu", "--json"]
    given += ["--no-jit", "--data-parallel", "--mixed-precision", "bfloat16"]
    assert read_options("dropout", "Dropout.", given) == Options(
        *(True, 7, tmp_path, "cpu", "bfloat16", False, True, True)
    )


def test_mixed_precision_alone_leaves_the_kind_to_the_device(tmp_path):
    assert read_options("a", "A.", ["--mixed-precision", "--out", str(tmp_path)]).mixed_precision


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seed", "-1"], "--seed: must be a number from 0 to 2147483647, not '-1'"),
        (["--seed", "2147483648"], "not '2147483648'"),
        (["--seed", "one"], "not 'one'"),
        (["--device", "tpu"], "invalid choice: 'tpu'"),
        (["--mixed-precision", "int8"], "invalid choice: 'int8'"),
        (["--quik"], "unrecognized arguments: --quik"),
        (["--out", __file__], "--out cannot be made into a directory"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, words, capsys):
    with pytest.raises(SystemExit) as ended:
        read_options("dropout", "Dropout.", arguments)
    assert ended.value.code == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert line.startswith("error: ")
    assert words in line
    assert "see `kerasrecipes recipe dropout --help`" in line
