"""What `Doctor()` and `GradientMonitor()` cost beside the same fit without them.

`python benchmarks/monitor_overhead.py [--quick]` fits an MLP of 4 x 512 (batch 128) and a small CNN
with nothing, with `GradientMonitor(sink=None)` and with `Doctor(sink=None)`, in turns on one
compiled model; on TensorFlow also with `jit_compile`. Run it with `KERAS_BACKEND=jax` for JAX.

A fit is 5 epochs. Printed are medians over the rounds of two ratios to the fit without, by the
clock and by the process's CPU time, which other programs on the machine disturb less: of whole
fits, beginning and end included, and of their epochs alone. What is compiled is compiled before.
"""

import argparse
import time

import keras
import numpy as np
from keras import layers

from kerasrecipes import callbacks

WAYS = {
    "without": lambda: None,
    "GradientMonitor": lambda: callbacks.GradientMonitor(sink=None),
    "Doctor": lambda: callbacks.Doctor(sink=None),
}


def mlp():
    hidden = [layers.Dense(512, "relu") for _ in range(4)]
    return keras.Sequential([keras.Input((784,)), *hidden, layers.Dense(10, "softmax")])


def cnn():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, "softmax"),
        ]
    )


class Stopwatch(keras.callbacks.Callback):
    """Seconds by the clock and of CPU time, of the epochs' steps alone."""

    def on_train_begin(self, logs=None):
        """Begins at 0."""
        self.spent = np.zeros(2)

    def on_epoch_begin(self, epoch, logs=None):
        """Starts."""
        self._start = now()

    def on_epoch_end(self, epoch, logs=None):
        """Stops."""
        self.spent += now() - self._start


def now():
    return np.array([time.perf_counter(), time.process_time()])


def measure(build, jit, steps, rounds):
    """Ratios `(rounds, whole or epochs, clock or CPU)` by way, and milliseconds per step."""
    generator = np.random.default_rng(0)
    model = build()
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=jit)
    y = generator.integers(0, 10, 128 * steps)
    x = generator.normal(size=(len(y), *model.input_shape[1:])) + y.reshape(
        -1, *[1] * (len(model.input_shape) - 1)
    )
    x = x.astype("float32")
    monitors = {name: make() for name, make in WAYS.items()}
    spent = {name: [] for name in WAYS}
    names = list(WAYS)
    for turn in range(rounds + 1):
        for name in names[turn % 3 :] + names[: turn % 3]:
            watch = Stopwatch()
            extra = [monitors[name]] if monitors[name] else []
            start = now()
            model.fit(x, y, 128, epochs=5, verbose=0, callbacks=[watch, *extra])
            if turn:
                spent[name].append([now() - start, watch.spent])
    times = {name: np.array(values) for name, values in spent.items()}
    per_step = np.median(times["without"][:, 1, 0]) / (5 * steps) * 1e3
    return {name: values / times["without"] for name, values in times.items()}, per_step


def main(quick=False):
    steps, rounds = (20, 3) if quick else (100, 9)
    backend = keras.backend.backend()
    print(f"{'':38}{'whole fits':>18}{'epochs alone':>18}")
    print(f"{'':38}{'clock':>9}{'CPU':>9}{'clock':>9}{'CPU':>9}")
    for build in (mlp, cnn):
        for jit in (False, True) if backend == "tensorflow" else (True,):
            ratios, per_step = measure(build, jit, steps, rounds)
            for name in list(WAYS)[1:]:
                medians = np.median(ratios[name], axis=0).ravel()
                label = f"{backend} {build.__name__}{' jit' if jit else ''}, {name}"
                numbers = "".join(f"{value:9.3f}" for value in medians)
                print(f"{label:38}{numbers}   {per_step:.1f} ms a step", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20 steps an epoch, 3 rounds")
    main(parser.parse_args().quick)
