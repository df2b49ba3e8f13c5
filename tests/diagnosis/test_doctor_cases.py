"""Real programs that did not train, and their repaired versions: `KR_DOCTOR_CASES` says where."""

import importlib.util
import os
import sys
from pathlib import Path

import keras
import pytest

import kerasrecipes as kr

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / os.environ.get("KR_DOCTOR_CASES", "../shared/doctor_cases")
CHOSEN = ("program-1", "program-2")  # small and sure; the benchmark runs them all
if keras.config.backend() == "jax":
    CHOSEN = CHOSEN[:1]  # XLA compiles each of their trainings for seconds


def cases():
    """The runner of the programs, loaded from its file."""
    if not (CASES / "programs.py").exists():
        pytest.skip(f"no programs in {CASES}: set KR_DOCTOR_CASES to their folder")
    spec = importlib.util.spec_from_file_location("doctor_cases_programs", CASES / "programs.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def causes(module, spec):
    keras.utils.set_random_seed(0)
    x, y, x_dev, y_dev = module.make_data(spec)
    diagnosis = kr.diagnose(
        module.build_model(spec),
        x,
        y,
        validation_data=(x_dev, y_dev) if spec["validation"] else None,
        epochs=spec["epochs"],
        batch_size=spec["batch_size"],
        shuffle=spec.get("shuffle", True),
    )
    return {finding.cause for finding in diagnosis.findings if finding.severity != "note"}


@pytest.mark.parametrize("name", CHOSEN)
def test_a_right_cause_is_named_and_gone_once_the_program_is_repaired(name):
    module = cases()
    program = next(one for one in module.load_programs() if one["id"] == name)
    assert causes(module, program["buggy"]) & set(program["truth"])
    assert not causes(module, program["fixed"])
