"""How long a gradient check takes, beside TensorFlow's and PyTorch's own.

`python benchmarks/gradient_check.py [--quick]` times whole calls, tracing and copying included, on
a dense net of 1,827 parameters (batch of 32), on a convolutional one of 20,100 (batch of 4), and
the directional check on one of 50 million (batch of 256), the last in units of one forward pass.
The contenders take turns; seconds are medians, distances the course's. `tf.test.compute_gradient`
differences a function that runs eagerly, as it is meant to be used, and takes minutes on the
convolutional net; `--quick` leaves that net and the large one out. PyTorch has a row where it is
installed; on a backend other than TensorFlow its rows are left out. The ratios come last.
"""

import argparse
import importlib.util
import statistics
import time

import keras
import numpy as np
from keras import layers

import kerasrecipes as kr
from kerasrecipes import backend
from kerasrecipes.gradients.float64_copy import as_float64, float64_copy

GENERATOR = np.random.default_rng(0)


def dense():
    return [keras.Input((64,)), layers.Dense(21, "tanh"), layers.Dense(21, "softmax")]


def convolutional():
    return [
        keras.Input((8, 8, 1)),
        layers.Conv2D(16, 3, padding="same", activation="tanh"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, padding="same", activation="tanh"),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(110, "tanh"),
        layers.Dense(10, "softmax"),
    ]


def large():
    return [
        keras.Input((2048,)),
        *[layers.Dense(4096, "relu") for _ in range(3)],
        layers.Dense(2048, "relu"),
        layers.Dense(10, "softmax"),
    ]


def model_and_batch(parts, examples, classes=10):
    model = keras.Sequential(parts())
    model.compile(loss="sparse_categorical_crossentropy")
    x = GENERATOR.normal(size=(examples, *model.input_shape[1:]))
    return model, x, GENERATOR.integers(0, classes, examples)


def main(quick=False):
    warm_up()
    ratios = []
    for name, parts, examples, rounds in (
        ("dense", dense, 32, 3 if quick else 5),
        ("convolutional", convolutional, 4, 1),
    ):
        if name == "convolutional" and quick:
            continue
        model, x, y = model_and_batch(parts, examples)
        seconds, distances = timed(contenders(name, model, x, y), rounds)
        print(f"\n{name}: {model.count_params():,} parameters, batch of {examples}")
        for contender, median in seconds.items():
            print(f"  {contender:28}{median:9.2f} s   distance {distances[contender]:.1e}")
        ratios += [
            f"{name}: {contender} / ours {median / seconds['ours']:.1f}"
            for contender, median in seconds.items()
            if contender != "ours"
        ]
    if not quick:
        ratios.append(directional())
    print("\n" + "; ".join(ratios))


def warm_up():
    """What every program pays once, whatever it does first."""
    model, x, y = model_and_batch(lambda: [keras.Input((2,)), layers.Dense(10, "softmax")], 2)
    kr.gradient_check(model, x, y)


def timed(jobs, rounds):
    times, distances = {name: [] for name in jobs}, {}
    for _ in range(rounds):
        for name, job in jobs.items():
            start = time.perf_counter()
            distances[name] = job()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in times.items()}, distances


def contenders(name, model, x, y):
    jobs = {"ours": lambda: kr.gradient_check(model, x, y).distance}
    if keras.backend.backend() == "tensorflow":
        jobs["tf.test.compute_gradient"] = lambda: tensorflow_check(model, x, y)
    if importlib.util.find_spec("torch") and name == "dense":
        jobs["torch.autograd.gradcheck"] = lambda: torch_check(model, x, y)
    return jobs


def tensorflow_check(model, x, y):
    import tensorflow as tf

    with backend.double_precision():
        twin = float64_copy(model, as_float64(x[:1]))
        inputs, loss = tf.constant(x), keras.losses.SparseCategoricalCrossentropy()

        def cost(*values):
            outputs, _ = twin.stateless_call(list(values), [], inputs, training=True)
            return loss(y, outputs)

        values = [tf.convert_to_tensor(variable.numpy()) for variable in twin.trainable_variables]
        analytic, numeric = tf.test.compute_gradient(cost, values)
    return distance(*(np.concatenate([np.ravel(a) for a in each]) for each in (analytic, numeric)))


def torch_check(model, x, y):
    """The same net written for PyTorch; `gradcheck` says pass or fail, and no distance."""
    import torch

    parts = [torch.tensor(np.float64(weights)) for weights in model.get_weights()]
    values = [part.clone().requires_grad_(True) for part in parts]
    inputs, targets = torch.tensor(x), torch.tensor(y)

    def cost(*values):
        z = inputs
        for layer in range(0, len(values), 2):
            z = (torch.tanh(z) if layer else z) @ values[layer] + values[layer + 1]
        return torch.nn.functional.cross_entropy(z, targets)

    if not torch.autograd.gradcheck(cost, values, eps=1e-7, atol=1e-6):
        raise SystemExit("torch.autograd.gradcheck failed")
    return float("nan")


def distance(a, n):
    return float(np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n)))


def directional():
    model, x, y = model_and_batch(large, 256)
    start = time.perf_counter()
    check = kr.gradient_check(model, x, y, method="directional")
    whole = time.perf_counter() - start
    single = forward_pass(model, x.astype("float32"))
    with backend.double_precision():
        double = forward_pass(float64_copy(model, as_float64(x[:1])), x)
    print(f"\nlarge: {model.count_params():,} parameters, batch of {len(x)}\n{check}")
    print(f"  {whole:.1f} s; one forward pass {double:.2f} s in float64, {single:.2f} s in float32")
    return (
        f"large: directional / one forward pass {whole / double:.1f} in float64, "
        f"{whole / single:.1f} in float32"
    )


def forward_pass(model, x):
    """Median seconds of one compiled forward pass, of seven."""
    call = backend.compiled(lambda x: model(x, training=True))
    x, times = keras.ops.convert_to_tensor(x), []
    for _ in range(8):
        start = time.perf_counter()
        keras.ops.convert_to_numpy(call(x))
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the dense net alone")
    main(parser.parse_args().quick)
