"""A sweep of small models by `VectorizedSearch`, beside keras-tuner's RandomSearch.

    python benchmarks/sweep.py [--trials 64] [--only mlp|cnn] [--rounds 2]

Both run in this process, in turns, over the same space with the same oracle and seeds, and
everything counts: building, tracing, training, validation, files. Printed are seconds, the best dev
cost of each, the peak of the process's memory above what it held before, and the ratios last.

- mlp: 64 random trials of 64-64-32-10 on `digits`, 10 epochs in batches of 32; goal: 50 times less
  time.
- cnn: 8 random trials of two convolutions on 2,000 images of MNIST (of `digits` where the file is
  missing), 3 epochs; goal on the CPU: 3 times less.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import keras_tuner
import numpy as np
from keras import layers

import kerasrecipes as kr

MNIST = Path(os.environ.get("KR_MNIST", "../shared/data/mnist10k.npz"))
KIBIBYTE = 1024


class Case(NamedTuple):
    """What is swept."""

    build: Callable
    train: tuple
    dev: tuple
    trials: int
    epochs: int
    goal: float


class Outcome(NamedTuple):
    """Of one search."""

    seconds: float
    best: float
    peak_bytes: int
    scores: dict[str, float]  # by the values of the hyperparameters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, help="fewer than the case has")
    parser.add_argument("--only", choices=("mlp", "cnn"))
    parser.add_argument("--rounds", type=int, default=2, help="of ours; keras-tuner's has one")
    options = parser.parse_args()
    ratios = []
    for name, make in {"mlp": mlp, "cnn": cnn}.items():
        if options.only in (None, name):
            case = make()
            case = case._replace(trials=options.trials or case.trials)
            ratios.append(compared(name, case, options.rounds))
    print("; ".join(ratios))


def compared(name: str, case: Case, rounds: int) -> str:
    """Runs both in turns, prints a line for each, returns the ratio in words."""
    ours = [searched(kr.tuning.VectorizedSearch, case, seed=1)]
    theirs = searched(keras_tuner.RandomSearch, case, seed=1)
    ours += [searched(kr.tuning.VectorizedSearch, case, seed=1) for _ in range(1, rounds)]
    for title, outcomes in {"VectorizedSearch": ours, "RandomSearch": [theirs]}.items():
        seconds = ", ".join(f"{outcome.seconds:.2f}" for outcome in outcomes)
        best = ", ".join(f"{outcome.best:.4f}" for outcome in outcomes)
        peak = max(outcome.peak_bytes for outcome in outcomes) / 1e6
        print(f"{name}, {case.trials} trials, {title}: {seconds} s; best {best}; +{peak:.0f} MB")
    print(f"{name}, dev cost of the same settings, ours - theirs: {differences(ours[0], theirs)}")
    ratio = theirs.seconds / median(outcome.seconds for outcome in ours)
    return f"{name}: RandomSearch / ours {ratio:.1f} (goal {case.goal:g})"


def differences(ours: Outcome, theirs: Outcome) -> str:
    """In words: its median and quartiles over the settings that both have tried."""
    both = ours.scores.keys() & theirs.scores.keys()
    if not both:
        return "none is the same"
    low, middle, high = np.percentile(
        [ours.scores[s] - theirs.scores[s] for s in both], [25, 50, 75]
    )
    return f"median {middle:+.4f} ({low:+.4f} to {high:+.4f}) of {len(both)}"


def searched(tuner: Callable, case: Case, seed: int) -> Outcome:
    """One search in a folder of its own."""
    keras.utils.set_random_seed(seed)
    held = reset_peak()
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        search = tuner(case.build, "val_loss", max_trials=case.trials, seed=seed, directory=folder)
        search.search(*case.train, epochs=case.epochs, validation_data=case.dev, verbose=0)
        seconds = time.perf_counter() - begin
        trials = search.oracle.get_best_trials(case.trials)
    scores = {str(trial.hyperparameters.values): float(trial.score) for trial in trials}
    return Outcome(seconds, min(scores.values()), peak() - held, scores)


def mlp() -> Case:
    """64-64-32-10 on `digits`."""
    x, y = kr.data.load("digits")
    x = (np.reshape(x, (len(x), -1)) / np.max(x)).astype("float32")

    def build(hp: keras_tuner.HyperParameters) -> keras.Model:
        model = keras.Sequential([keras.Input((64,))])
        model.add(layers.Dense(64, "relu"))
        model.add(layers.Dense(32, "relu"))
        model.add(layers.Dense(10, "softmax"))
        rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log")
        beta = kr.tuning.one_minus_log(hp, "beta_1", 0.8, 0.99)
        optimizer = keras.optimizers.Adam(rate, beta_1=beta)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return Case(build, (x[:1437], y[:1437]), (x[1437:], y[1437:]), 64, 10, 50)


def cnn() -> Case:
    """Two convolutions on 2,000 images."""
    if MNIST.is_file():
        with np.load(MNIST, allow_pickle=False) as file:
            x, y = file["x"][:2500, ..., None] / 255.0, file["y"][:2500]
    else:
        print(f"{MNIST} is missing: the images are those of `digits`.")
        x, y = kr.data.load("digits")
        x = np.reshape(x, (-1, 8, 8, 1)) / np.max(x)
    x, y, cut = x.astype("float32"), y.astype("int32"), len(x) * 4 // 5

    def build(hp: keras_tuner.HyperParameters) -> keras.Model:
        model = keras.Sequential([keras.Input(x.shape[1:])])
        for filters in (8, 16):
            model.add(layers.Conv2D(filters, 3, activation="relu"))
            model.add(layers.MaxPooling2D(padding="same"))
        model.add(layers.Flatten())
        model.add(layers.Dropout(hp.Float("rate", 0.1, 0.5)))
        model.add(layers.Dense(10, "softmax"))
        rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log")
        model.compile(
            keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    return Case(build, (x[:cut], y[:cut]), (x[cut:], y[cut:]), 8, 3, 3)


def reset_peak() -> int:
    """The bytes held now, from which Linux counts the peak anew."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def peak() -> int:
    """The most bytes held since."""
    return _status("VmHWM")


def _status(name: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * KIBIBYTE for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main()
