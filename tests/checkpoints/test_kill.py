"""Processes killed for real while they save: what is there is whole, and never older than told."""

import random
import subprocess
import sys

import numpy as np

from kerasrecipes.checkpoints import CheckpointStore
from tests.checkpoints.test_directory_lock import ALONE, ROOT

KILLS = 8
SAVE_FOR_EVER = (
    ALONE
    + """
import itertools
import numpy as np
with lock:
    store = CheckpointStore(sys.argv[1])
    found = store.newest()
    for number in itertools.count(0 if found is None else found.number + 1):
        store.save(number, {"w": [np.full(50_000, number + i) for i in range(3)]}, {})
        print(number, flush=True)
"""
)


def test_kills_at_any_instant_lose_nothing_that_was_saved(tmp_path):
    chance, said, number = random.Random(0), [], -1
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", SAVE_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT
        ) as process:
            told = [process.stdout.readline() for _ in range(chance.randrange(1, 4))]
            try:
                process.wait(timeout=chance.uniform(0, 0.02))
            except subprocess.TimeoutExpired:
                process.kill()
            told += process.stdout.read().splitlines()
        found = CheckpointStore(tmp_path, sink=said.append).newest()
        assert found.number in (int(told[-1]), int(told[-1]) + 1)
        assert found.number > number
        number = found.number
        for i, array in enumerate(found.state["w"]):
            np.testing.assert_array_equal(array, np.full(50_000, number + i), strict=True)
    assert said == []
