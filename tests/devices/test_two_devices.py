"""Runs the tests of `two_devices/` in a process that has two virtual CPU devices."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

ROOT = Path(__file__).parents[2]
# On TensorFlow, JAX's turn too, where it is installed; on JAX, TensorFlow is to be missing.
HAS_JAX = keras.backend.backend() == "tensorflow" and importlib.util.find_spec("jax")
BACKENDS = [keras.backend.backend(), *(["jax"] if HAS_JAX else [])]
JAX_DEVICES = "--xla_force_host_platform_device_count=2"


def run_marked(backend, *arguments):
    flags = f"{os.environ.get('XLA_FLAGS', '')} {JAX_DEVICES}".strip()
    environment = {**os.environ, "KERASRECIPES_TWO_DEVICES": "1", "XLA_FLAGS": flags}
    environment["KERAS_BACKEND"] = backend
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
    marked = ["-m", "two_devices", "tests/devices/two_devices", *arguments]
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        [*command, *marked], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_devices_give_the_answers_of_one(backend):
    done = run_marked(backend)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 28, done.stdout[-2_000:]
