"""Two processes on this machine train one model together, by `TF_CONFIG`."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from kerasrecipes import devices

PROGRAM = Path(__file__).with_name("worker_program.py")
NEEDS_TENSORFLOW = "training by several workers needs TensorFlow"


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def begin(folder, task=None, addresses=()):
    folder.mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "TF_CONFIG"}
    if task is not None:
        environment["TF_CONFIG"] = json.dumps(
            {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": task}}
        )
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), str(folder)],
        env={**environment, "PYTHONPATH": str(PROGRAM.parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def results(tmp_path):
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    folders = [tmp_path / name for name in ("alone", "first", "second")]
    tasks = (None, 0, 1)
    running = [begin(*each, addresses) for each in zip(folders, tasks, strict=True)]
    try:
        told = [process.communicate(timeout=540)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    for process, text in zip(running, told, strict=True):
        assert process.returncode == 0, text[-4_000:]
    return [json.loads((folder / "result.json").read_text()) for folder in folders]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason=NEEDS_TENSORFLOW)
def test_two_workers_train_as_one(tmp_path):
    alone, first, second = results(tmp_path)
    assert [each["workers"] for each in (alone, first, second)] == [1, 2, 2]
    for worker in (first, second):
        for name in ("loss", "weights", "norms"):
            for a, b in zip(alone[name], worker[name], strict=True):
                np.testing.assert_allclose(b, a, atol=1e-5, rtol=1e-4)
    assert first["weights"] == second["weights"]


def test_workers_need_a_backend_and_a_second_one(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    is_tensorflow = keras.backend.backend() == "tensorflow"
    text = "names no second worker" if is_tensorflow else NEEDS_TENSORFLOW
    with pytest.raises(devices.DeviceError, match=text), devices.use(data_parallel="workers"):
        pass
