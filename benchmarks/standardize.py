"""How fast and how exact `Standardize.adapt` is, beside Keras's and scikit-learn's own.

`python benchmarks/standardize.py [--quick]` times each on 1,000,000 x 32 float32 numbers from an
array and from `tf.data`, in turns, and prints the median seconds by the clock and of CPU time,
the worst relative error of the variance on three kinds of columns, and the ratios last. On a
backend other than TensorFlow the rows of `tf.data` are left out. They are of three kinds:

- sliced: `from_tensor_slices(x).batch(n)`, whose array `Standardize` reads where it lies;
- mapped: the same with a `map` after it, where every row must go through the pipeline;
- ready: slices that are batches already, so that the pipeline costs little.
"""

import argparse
import statistics
import time

import keras
import numpy as np

from kerasrecipes.layers import Standardize

KINDS = ("N(0, 1)", "mean 1e4, std 0.1", "Unix time")


def main(quick=False):
    examples, rounds = (100_000, 3) if quick else (1_000_000, 5)
    x = np.random.default_rng(0).normal(size=(examples, 32)).astype("float32")
    jobs = contenders(x)
    seconds, busy = ({name: [] for name in jobs} for _ in range(2))
    for _ in range(rounds):
        for name, (adapt, source) in jobs.items():
            start, start_busy = time.perf_counter(), time.process_time()
            adapt(source)
            seconds[name].append(time.perf_counter() - start)
            busy[name].append(time.process_time() - start_busy)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    errors = {kind: variance_errors(columns(kind, examples)) for kind in KINDS}
    print(f"{'':34}{'seconds':>9}{'CPU':>8}" + "".join(f"{kind:>20}" for kind in KINDS))
    for name, median in medians.items():
        worst = "".join(f"{errors[kind][name]:20.1e}" for kind in KINDS)
        print(f"{name:34}{median:9.3f}{statistics.median(busy[name]):8.3f}{worst}")
    ratios = [
        f"{name} / ours {medians[name] / medians['ours' + name[name.index(',') :]]:.1f}"
        for name in medians
        if not name.startswith("ours")
    ]
    print("; ".join(ratios))


def contenders(x):
    """Name -> (function that returns the variance, what it is given)."""
    jobs = {
        "ours, array": (ours, x),
        "Keras, array": (keras_normalization, x),
        "scikit-learn, array": (scikit_learn, x),
    }
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        slices = tf.data.Dataset.from_tensor_slices(x)
        whole = len(x) // 1000 * 1000
        ready = x[:whole].reshape(-1, 1000, x.shape[1])
        for kind, dataset in {
            "sliced in 1024": slices.batch(1024),
            "sliced in 8192": slices.batch(8192),
            "mapped in 256": slices.batch(256).map(lambda batch: batch + 0.0),
            "mapped in 1024": slices.batch(1024).map(lambda batch: batch + 0.0),
            "mapped in 8192": slices.batch(8192).map(lambda batch: batch + 0.0),
            "ready in 1000": tf.data.Dataset.from_tensor_slices(ready),
        }.items():
            jobs[f"ours, tf.data {kind}"] = (ours, dataset)
            jobs[f"Keras, tf.data {kind}"] = (keras_normalization, dataset)
    return jobs


def ours(data):
    layer = Standardize()
    layer.adapt(data)
    return layer.variance


def keras_normalization(data):
    layer = keras.layers.Normalization()
    layer.adapt(data)
    return np.asarray(keras.ops.convert_to_numpy(layer.variance), "float64").ravel()


def scikit_learn(data):
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().partial_fit(data).var_


def columns(kind, examples):
    """Float32 columns `(examples, 4)` of one of the kinds."""
    random = np.random.default_rng(1)
    if kind == "N(0, 1)":
        values = random.normal(size=(examples, 4))
    elif kind == "mean 1e4, std 0.1":
        values = random.normal(1e4, 0.1, size=(examples, 4))
    else:
        values = 1.7e9 + random.uniform(0, 3e7, size=(examples, 4))
    return values.astype("float32")


def variance_errors(x):
    """Name -> worst relative error against two passes in float64 over the stored numbers."""
    exact = x.astype("float64")
    exact = ((exact - exact.mean(axis=0)) ** 2).mean(axis=0)
    jobs = contenders(x)
    return {
        name: float(np.abs(adapt(data) / exact - 1).max()) for name, (adapt, data) in jobs.items()
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the examples, 3 rounds")
    main(parser.parse_args().quick)
