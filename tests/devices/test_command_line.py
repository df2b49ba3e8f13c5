"""The flags of `kerasrecipes run` that choose devices."""

import json

import keras
import pytest

from kerasrecipes import backend
from kerasrecipes.recipe import JobOptions, UnfinishedRun
from tests.cli.command import call, refusal

HAS_GPU = bool(backend.device_names("gpu"))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A folder with a small table."""
    folder = tmp_path_factory.mktemp("flags")
    rows = [f"{i % 7},{i % 5},{'yes' if i % 7 > 3 else 'no'}" for i in range(60)]
    (folder / "a.csv").write_text("\n".join(["a,b,target", *rows]) + "\n")
    return folder


@pytest.mark.skipif(HAS_GPU, reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_one_line(table):
    line = refusal("run", "a.csv", "--device", "gpu", "--out", "run", directory=table)
    assert line.startswith("error: there is no GPU that")


def test_another_device_is_one_line(table):
    line = refusal("run", "a.csv", "--device", "tpu", directory=table)
    assert line == "error: --device must be cpu, gpu or auto, and is 'tpu'.\n"


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="XLA can on JAX")
def test_what_cannot_go_together_is_one_line(table):
    line = refusal("run", "a.csv", "--jit", "--data-parallel", "-q", directory=table)
    assert "cannot be compiled by XLA" in line


def test_a_run_in_mixed_precision_says_so(table):
    flags = ("--mixed-precision", "--device", "cpu", "--no-jit")
    done = call("run", "a.csv", "-q", "--target-error", 1, *flags, "--out", "run", directory=table)
    assert done.status == 0, done.err
    result = json.loads((table / "run" / "result.json").read_text())
    assert result["devices"] == "cpu, mixed_bfloat16, not compiled by XLA"
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--device", "auto"), "begun with --device cpu, and not with --device auto"),
        (("--mixed-precision",), "begun without --mixed-precision, and not with --mixed-precision"),
        (("--jit",), "begun with --no-jit, and not with --jit"),
        (("--data-parallel",), "begun without --data-parallel, and not with --data-parallel"),
    ],
)
def test_a_resumed_run_remembers_them(given, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with UnfinishedRun("run") as run:
        run.begin(JobOptions("iris", out="run", device="cpu", jit=False))
    assert words in refusal("run", *given, "--resume", "run", directory=tmp_path)
