"""What it costs to save and read a checkpoint of 120 MB, and what is left to a thread beside it.

`python benchmarks/checkpoints.py [--rounds 7] [--megabytes 120]` saves arrays in turns by
`numpy.savez`, flushed to the disk but without checksums, and as a checkpoint; then it saves beside
a thread of plain Python, which needs the interpreter's lock all the time, and beside products of
matrices, which need it hardly ever, as training does. Medians; the ratios are printed last.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core for the products

import numpy as np

from kerasrecipes.checkpoints import CheckpointStore, whole_file

ARRAYS = 40
SAVES = 5
NUMBERS = itertools.count()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=120)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    length = options.megabytes * 10**6 // (4 * ARRAYS)
    arrays = [rng.random(length, "float32") for _ in range(ARRAYS)]
    with tempfile.TemporaryDirectory(dir=".") as folder:
        store = CheckpointStore(folder)
        seconds: dict[str, list[float]] = {"savez": [], "save": [], "read": []}
        for _ in range(options.rounds):
            seconds["savez"].append(timed(lambda: savez(Path(folder, "plain.npz"), arrays)))
            seconds["save"].append(timed(lambda: store.save(next(NUMBERS), arrays, {})))
            seconds["read"].append(timed(store.newest))
        medians = {name: statistics.median(times) for name, times in seconds.items()}
        for name, taken in medians.items():
            print(f"{name}: {taken:.2f} s, {options.megabytes / taken:.0f} MB/s")
        left = {work.__name__: share_left(work, store, arrays) for work in (counting, products)}
    for name, share in left.items():
        print(f"a thread of {name} keeps {share:.0%} of its speed while a checkpoint is saved")
    print(f"a checkpoint takes {medians['save'] / medians['savez']:.2f} times as long as savez")
    return 0


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def savez(path: Path, arrays: list[np.ndarray]) -> None:
    with whole_file(path) as file:
        np.savez(file, *arrays)


def counting() -> None:
    for _ in range(10_000):
        pass


def products(matrix: np.ndarray = np.ones((300, 300))) -> None:  # noqa: B008
    matrix @ matrix


def share_left(work: Callable[[], None], store: CheckpointStore, arrays: list[np.ndarray]) -> float:
    """How fast a thread works while checkpoints are saved, as a share of its speed alone."""
    done, ended = [0], threading.Event()

    def go_on() -> None:
        while not ended.is_set():
            work()
            done[0] += 1

    def save() -> None:
        for _ in range(SAVES):
            store.save(next(NUMBERS), arrays, {})

    threading.Thread(target=go_on, daemon=True).start()
    rates = []
    for during in (lambda: time.sleep(1), save):
        before, start = done[0], time.perf_counter()
        during()
        rates.append((done[0] - before) / (time.perf_counter() - start))
    ended.set()
    return rates[1] / rates[0]


if __name__ == "__main__":
    sys.exit(main())
