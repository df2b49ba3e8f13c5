"""What `Babysitter()` costs a fit: with nobody looking, with viewers, with viewers that are stuck.

`python benchmarks/babysitter.py [--quick] [--write]` fits an MLP of 4 x 512 (batch 256, steps of
some 5 ms and more) without a babysitter, with one that nobody looks at, with two viewers, with a
hundred, and with twenty that never read, in turns. Viewers are processes of their own that follow
the events of the page. Printed are medians over the rounds of ratios to the fit without, of the
epochs' steps alone: by the clock, which holds what viewers take from the machine's cores, and by
the process's CPU time. All fits begin with one seed and must end with the same weights. At the end:
the memory that a million steps take on the board.

Run it with `KERAS_BACKEND=jax` for JAX.
"""

import argparse
import subprocess
import sys
import time

import keras
import numpy as np
from keras import layers

from benchmarks.monitor_overhead import Stopwatch
from benchmarks.pages.section import write_section
from kerasrecipes.callbacks import Babysitter
from kerasrecipes.live.board import Board
from kerasrecipes.live.memory import memory

WAYS = {
    "without": None,
    "nobody": (0, "read"),
    "2 viewers": (2, "read"),
    "100 viewers": (100, "read"),
    "20 that never read": (20, "stuck"),
}
GOALS = {"nobody": 1.01, "2 viewers": 1.02}
VIEWERS = """
import socket, sys, threading, time
from urllib.parse import urlsplit
address, count, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
parts = urlsplit(address)
def look():
    with socket.create_connection((parts.hostname, parts.port)) as line:
        text = f"GET /api/events?{parts.query} HTTP/1.1\\r\\nHost: {parts.netloc}\\r\\n\\r\\n"
        line.sendall(text.encode())
        while kind == "stuck" or line.recv(1 << 16):
            if kind == "stuck":
                time.sleep(1)
for _ in range(count):
    threading.Thread(target=look, daemon=True).start()
print("ready", flush=True)
time.sleep(3600)
"""


class Viewers(keras.callbacks.Callback):
    """Opens the page of a babysitter that has begun, in another process."""

    def __init__(self, babysitter, count, kind):
        super().__init__()
        self.babysitter, self.count, self.kind = babysitter, count, kind

    def on_train_begin(self, logs=None):
        """Waits until all have called."""
        self.process = None
        if self.count:
            arguments = [self.babysitter.address, str(self.count), self.kind]
            command = [sys.executable, "-c", VIEWERS, *arguments]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
            self.process.stdout.readline()

    def on_train_end(self, logs=None):
        """They go."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def mlp():
    keras.utils.set_random_seed(0)
    hidden = [layers.Dense(512, "relu") for _ in range(4)]
    model = keras.Sequential([keras.Input((784,)), *hidden, layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def measure(steps, epochs, rounds):
    """Ratios `(rounds, clock or CPU)` by way, milliseconds a step, and whether weights agree."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, 10, 256 * steps)
    x = (generator.normal(size=(len(y), 784)) + y[:, None]).astype("float32")
    model = mlp()
    first = model.get_weights()
    sitters = {name: None if way is None else Babysitter(sink=None) for name, way in WAYS.items()}
    spent, ends = {name: [] for name in WAYS}, {}
    names = list(WAYS)
    for turn in range(rounds + 1):
        places = turn % len(names)
        for name in names[places:] + names[:places]:
            keras.utils.set_random_seed(turn)
            model.set_weights(first)
            for variable in model.optimizer.variables[2:]:
                variable.assign(keras.ops.zeros_like(variable))
            model.optimizer.iterations.assign(0)
            watch, sitter = Stopwatch(), sitters[name]
            extra = [] if sitter is None else [sitter, Viewers(sitter, *WAYS[name])]
            model.fit(x, y, 256, epochs, verbose=0, callbacks=[watch, *extra])
            ends[name] = model.get_weights()
            if turn:
                spent[name].append(watch.spent)
    times = {name: np.array(values) for name, values in spent.items()}
    same = all(
        np.array_equal(a, b)
        for end in ends.values()
        for a, b in zip(end, ends["without"], strict=True)
    )
    per_step = np.median(times["without"][:, 0]) / (epochs * steps) * 1e3
    return {name: value / times["without"] for name, value in times.items()}, per_step, same


def million(points):
    """MiB that a board of 30 curves takes up for so many points, and microseconds a point."""
    board, before = Board(), memory()["bytes"] or 0
    start = time.perf_counter()
    for step in range(points // 30):
        for curve in range(30):
            board.point(f"gradient_norm/{curve}", step, 0.5, "gradient_norm", str(curve))
    took = (time.perf_counter() - start) / points
    grown = (memory()["bytes"] or 0) - before
    most = max(len(curve["steps"]) for curve in board.snapshot()["curves"].values())
    return grown / 2**20, took * 1e6, most


def main(quick=False, write=False):
    steps, epochs, rounds = (20, 3, 2) if quick else (100, 4, 3)
    ratios, per_step, same = measure(steps, epochs, rounds)
    backend = keras.backend.backend()
    lines = [
        f"{backend}, steps of {per_step:.1f} ms, {rounds} rounds of {epochs * steps} steps:",
        "",
        "| | clock | CPU | goal |",
        "|---|---|---|---|",
    ]
    for name in list(WAYS)[1:]:
        clock, cpu = np.median(ratios[name], axis=0)
        goal = GOALS.get(name)
        told = "" if goal is None else f"{goal}{'' if clock <= goal else ' (missed)'}"
        lines.append(f"| {name} | {clock:.3f} | {cpu:.3f} | {told} |")
    grown, took, most = million(300_000 if quick else 3_000_000)
    lines += [
        "",
        f"All ended with the same weights: {'yes' if same else 'NO'}.",
        f"A board of 30 curves takes {grown:.1f} MiB more after "
        f"{'300,000' if quick else 'three million'} points, {took:.1f} µs each, and keeps at most "
        f"{most:,} of a curve.",
    ]
    print("\n".join(lines))
    if write:
        write_section(f"babysitter {backend}", lines)
    return 0 if same else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="60 steps a fit, 2 rounds")
    parser.add_argument("--write", action="store_true", help="put the table into docs/results.md")
    sys.exit(main(**vars(parser.parse_args())))
