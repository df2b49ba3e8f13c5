"""What `Resume(directory)` costs beside the same fit without it, and how much it keeps on the disk.

    python benchmarks/resume.py [--rounds 5] [--seconds 10] [--quick] [--write]

An MLP of 10 million parameters is trained by Adam, epochs of `--seconds` or more, with and without
`Resume` at its defaults in turns, on one compiled model. An epoch counts from its beginning to the
beginning of the next, so that the copy of the state at its end counts, and writing it beside the
next epoch. Printed last: the median over the rounds of the ratios of the two, by the clock and by
CPU time, and the megabytes on the disk. Run it with `KERAS_BACKEND=jax` for JAX.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from pages.section import write_section

from kerasrecipes.callbacks import Resume

GOAL = 0.03
EPOCHS = 3  # of each fit; the first one also compiles
BATCH = 128


def network() -> keras.Model:
    hidden = [keras.layers.Dense(2048, "relu") for _ in range(3)]
    model = keras.Sequential([keras.Input((784,)), *hidden, keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


class Epochs(keras.callbacks.Callback):
    """Seconds by the clock and of CPU time between the beginnings of epochs."""

    def on_train_begin(self, logs=None):
        """Begins anew."""
        self.marks = []

    def on_epoch_begin(self, epoch, logs=None):
        """Notes the time."""
        self.marks.append((time.perf_counter(), time.process_time()))

    def spent(self) -> np.ndarray:
        """Seconds of an epoch, by both clocks: the median over the epochs but the first."""
        return np.median(np.diff(np.array(self.marks), axis=0)[1:], axis=0)


def data(steps: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(BATCH * steps, 784)).astype("float32")
    return x, generator.integers(0, 10, len(x))


def epoch_seconds(model: keras.Model, steps: int, callbacks: list) -> np.ndarray:
    epochs = Epochs()
    x, y = data(steps)
    given = {"batch_size": BATCH, "epochs": EPOCHS + 1, "verbose": 0, "shuffle": False}
    model.fit(x, y, callbacks=[epochs, *callbacks], **given)
    return epochs.spent()


def steps_for(model: keras.Model, seconds: float) -> int:
    per_step = epoch_seconds(model, 5, [])[0] / 5
    return max(5, int(np.ceil(1.1 * seconds / per_step)))


def measure(rounds: int, seconds: float) -> tuple[np.ndarray, float, int, float]:
    """Ratios `(rounds, 2)`, seconds of an epoch, parameters, and megabytes on the disk."""
    model = network()
    steps, ratios, plain = steps_for(model, seconds), [], []
    for turn in range(rounds):
        spent = {}
        for name in ("without", "with")[:: 1 if turn % 2 else -1]:
            with tempfile.TemporaryDirectory() as folder:
                callbacks = [Resume(folder, sink=None)] if name == "with" else []
                spent[name] = epoch_seconds(model, steps, callbacks)
                if callbacks:
                    files = [path for path in Path(folder).rglob("*") if path.is_file()]
                    size = sum(path.stat().st_size for path in files) / 1e6
        ratios.append(spent["with"] / spent["without"])
        plain.append(spent["without"][0])
        print(f"round {turn + 1}: {ratios[-1][0]:.4f} by the clock", file=sys.stderr, flush=True)
    return np.array(ratios), float(np.median(plain)), model.count_params(), size


def result_lines(ratios: np.ndarray, seconds: float, parameters: int, size: float) -> list[str]:
    clock, cpu = np.median(ratios, axis=0)
    low, high = ratios[:, 0].min(), ratios[:, 0].max()
    verdict = "met" if clock <= 1 + GOAL else "MISSED"
    backend = keras.backend.backend()
    return [
        "| backend | parameters | an epoch | with / without, clock | CPU | on the disk | goal |",
        "|---|---|---|---|---|---|---|",
        f"| {backend} | {parameters:,} | {seconds:.1f} s | {clock:.3f} ({low:.3f} to {high:.3f}, "
        f"{len(ratios)} rounds) | {cpu:.3f} | {size:.0f} MB in 2 checkpoints | {1 + GOAL:.2f} "
        f"{verdict} |",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--quick", action="store_true", help="1 round, epochs of a second")
    parser.add_argument("--write", action="store_true", help="into docs/results.md")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 1.0
    lines = result_lines(*measure(options.rounds, options.seconds))
    print("\n".join(lines))
    if options.write:
        write_section(f"resume-{keras.backend.backend()}", lines)
    return 0 if options.quick or "MISSED" not in lines[-1] else 1


if __name__ == "__main__":
    sys.exit(main())
