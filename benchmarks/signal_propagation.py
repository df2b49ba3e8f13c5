"""How the signal of a 50-layer network fares under seven initialisations.

`python benchmarks/signal_propagation.py [--seeds 5] [--width 128]` prints the geometric rate per
layer of the activations' and the gradients' standard deviation (median over the seeds, smallest
and largest), the verdict, and the change over the whole network; then the time of one call as a
ratio to one training step; the rates of He and Xavier last. Goal: 0.9 to 1.1 for every seed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import keras
import numpy as np

from kerasrecipes.initializers import He, SignalPropagation, Xavier, signal_propagation

DEPTH, EXAMPLES, ROUNDS = 50, 64, 7
GOAL = (0.9, 1.1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--width", type=int, default=128)
    options = parser.parse_args()
    print(
        f"{'initialisation':24}{'activations':>20}{'gradients':>20}  verdict     "
        f"change over {DEPTH} layers"
    )
    held = []
    for name, (activation, initializer) in initialisations(options.width).items():
        found = [
            measured(activation, initializer, seed, options.width) for seed in range(options.seeds)
        ]
        print(row(name, found))
        if name.startswith(("He", "Xavier")):
            held.append((name, found))
    print_time(options.width)
    inside = all(GOAL[0] <= rate <= GOAL[1] for _, found in held for f in found for rate in f.rate)
    words = [f"{name} {spread(found, 0)} and {spread(found, 1)}" for name, found in held]
    print(f"{'; '.join(words)}; all within 0.9 to 1.1: {'yes' if inside else 'NO'}")
    return 0 if inside else 1


def initialisations(width: int) -> dict[str, tuple[str, Callable]]:
    """Name -> (activation of the hidden layers, initializer of a seed)."""
    normal, identity = keras.initializers.RandomNormal, keras.initializers.Identity
    root = width**0.5
    return {
        "1.5 I, linear": ("linear", lambda seed: identity(gain=1.5)),
        "0.5 I, linear": ("linear", lambda seed: identity(gain=0.5)),
        "1.5 N / sqrt(n), linear": ("linear", lambda seed: normal(stddev=1.5 / root, seed=seed)),
        "0.5 N / sqrt(n), linear": ("linear", lambda seed: normal(stddev=0.5 / root, seed=seed)),
        "0.5 N / sqrt(n), tanh": ("tanh", lambda seed: normal(stddev=0.5 / root, seed=seed)),
        "He, ReLU": ("relu", lambda seed: He(seed=seed)),
        "Xavier, tanh": ("tanh", lambda seed: Xavier(seed=seed)),
    }


def network(activation: str, initializer: Callable, seed: int, width: int) -> keras.Model:
    keras.utils.set_random_seed(seed)  # of the output layer
    hidden = [
        keras.layers.Dense(width, activation, kernel_initializer=initializer(1000 * seed + i))
        for i in range(DEPTH)
    ]
    return keras.Sequential([keras.Input((width,)), *hidden, keras.layers.Dense(1)])


def measured(activation: str, initializer: Callable, seed: int, width: int) -> SignalPropagation:
    return signal_propagation(network(activation, initializer, seed, width), examples(seed, width))


def examples(seed: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(EXAMPLES, width)).astype("float32")


def row(name: str, found: list[SignalPropagation]) -> str:
    verdicts = "/".join(sorted({each.verdict for each in found}))
    changes = [
        statistics.median(each.rate[side] for each in found) ** (DEPTH - 1) for side in (0, 1)
    ]
    change = f"x {changes[0]:.2g} and x {changes[1]:.2g}"
    return f"{name:24}{spread(found, 0):>20}{spread(found, 1):>20}  {verdicts:10}  {change}"


def spread(found: list[SignalPropagation], side: int) -> str:
    rates = [each.rate[side] for each in found]
    return f"{statistics.median(rates):.3f} ({min(rates):.3f}-{max(rates):.3f})"


def print_time(width: int) -> None:
    """One call against one training step, eager and compiled, in turns; all warm."""
    x, y = examples(0, width), np.zeros((EXAMPLES, 1), "float32")
    models = {"eager": network("relu", initialisations(width)["He, ReLU"][1], 0, width)}
    models["compiled"] = keras.models.clone_model(models["eager"])
    for name, model in models.items():
        model.compile("sgd", loss="mse", run_eagerly=name == "eager")
    jobs: dict[str, Callable] = {
        name: lambda model=model: model.train_on_batch(x, y) for name, model in models.items()
    }
    probe = network("relu", initialisations(width)["He, ReLU"][1], 0, width)
    jobs["call"] = lambda: signal_propagation(probe, x)
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(ROUNDS + 1):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            if number:  # the first round traces
                seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    call = medians.pop("call")
    ratios = ", ".join(f"{call / time:.1f} {name}" for name, time in medians.items())
    print(f"one call: {1e3 * call:.0f} ms, the time of {ratios} training steps (warm medians)")


if __name__ == "__main__":
    sys.exit(main())
