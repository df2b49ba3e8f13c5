"""One measurement on one device, in a process of its own; the last line it prints is JSON.

python benchmarks/gpu_checks/measure.py NAME cpu|gpu [--small]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time

import keras
import numpy as np
from keras import layers

import kerasrecipes as kr


def main(name: str, device: str, *rest: str) -> None:
    keras.utils.set_random_seed(0)
    with kr.devices.use(device):
        print(json.dumps(MEASURES[name]("--small" in rest)))


def classifier(units: int, hidden: int, inputs: int) -> keras.Model:
    """Compiled and built; `hidden` layers of `units` units."""
    shape = [layers.Dense(units, "tanh") for _ in range(hidden)]
    model = keras.Sequential([keras.Input((inputs,)), *shape, layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", **kr.devices.compile_options())
    return model


def examples(count: int, inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Made up, and learnable."""
    random = np.random.default_rng(0)
    y = random.integers(0, 10, count)
    centres = random.normal(size=(10, inputs))
    return (centres[y] + random.normal(size=(count, inputs))).astype("float32"), y


def checked(method: str, units: int, hidden: int, inputs: int) -> dict:
    model = classifier(units, hidden, inputs)
    x, y = examples(16, inputs)
    began = time.perf_counter()
    check = kr.gradient_check(model, x, y, method=method)
    seconds = time.perf_counter() - began
    return {
        "work_seconds": seconds,
        "answer": "passed" if check.passed else "FAILED",
        "told": f"{model.count_params():,} parameters, distance {check.distance:.1e}",
    }


def exact_check(is_small: bool) -> dict:
    return checked("exact", 8, 1, 16) if is_small else checked("exact", 32, 2, 64)


def directional_check(is_small: bool) -> dict:
    return checked("directional", 8, 1, 16) if is_small else checked("directional", 1800, 3, 1800)


def sweep(is_small: bool) -> dict:
    """Small models of one structure as one program."""
    import keras_tuner

    trials = 4 if is_small else 32
    x, y = examples(512, 64)

    def build(hp):
        rate = hp.Float("rate", 1e-4, 1e-2, sampling="log")
        model = classifier(32, 1, 64)
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
        return model

    with tempfile.TemporaryDirectory() as folder:
        tuner = kr.tuning.VectorizedSearch(
            build,
            keras_tuner.Objective("val_loss", "min"),
            max_trials=trials,
            seed=0,
            directory=folder,
        )
        began = time.perf_counter()
        tuner.search(
            x[:384], y[:384], epochs=5, batch_size=32, validation_data=(x[384:], y[384:]), verbose=0
        )
        seconds = time.perf_counter() - began
        scores = [trial.score for trial in tuner.oracle.trials.values()]
    return {
        "work_seconds": seconds,
        "answer": f"{min(scores):.2f}",
        "told": f"{trials} trials, best dev cost {min(scores):.4f}",
    }


def overhead(is_small: bool) -> dict:
    """Medians of the seconds of a fit with a monitor over those without."""
    steps, rounds, units = (4, 1, 16) if is_small else (100, 5, 1024)
    model = classifier(units, 4, 784)
    x, y = examples(128 * steps, 784)
    ways = {
        "without": [],
        "GradientMonitor": [kr.callbacks.GradientMonitor(sink=None)],
        "Doctor": [kr.callbacks.Doctor(sink=None)],
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, extra in ways.items():
            began = time.perf_counter()
            model.fit(x, y, 128, epochs=3, verbose=0, callbacks=extra)
            if turn:  # the first one compiles
                spent[name].append(time.perf_counter() - began)
    plain, *watched = (float(np.median(values)) for values in spent.values())
    ratios = dict(zip(list(ways)[1:], (seconds / plain for seconds in watched), strict=True))
    told = ", ".join(f"{name} {ratio:.2f} times" for name, ratio in ratios.items())
    return {"work_seconds": plain, "answer": "measured", "told": told}


MEASURES = {
    "nothing": lambda is_small: {},
    "gradient check, exact": exact_check,
    "gradient check, directional": directional_check,
    "sweep": sweep,
    "overhead": overhead,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
