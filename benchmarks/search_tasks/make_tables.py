"""Trains every setting of a grid once, many networks in one program, and stores the dev costs.

All settings of one structure (units, layers, batch size) are trained together: their first layers
side by side in one matrix, the others stacked. SGD with momentum as in Keras, L2 as in the course.
"""

from __future__ import annotations

import os
import time
from itertools import pairwise, product
from pathlib import Path
from typing import NamedTuple

import numpy as np

import kerasrecipes as kr

MNIST = Path(os.environ.get("KR_MNIST", "../shared/data/mnist10k.npz"))
FOLDER = Path(__file__).parent / "tables"
RATES = tuple(1e-3 * 3.0**i for i in range(8))
ONE_MINUS_BETAS = (0.5, 0.2, 0.1, 0.03)
STRENGTHS = (0.0, 1e-4, 1e-2)  # lambda / m
UNITS, BATCHES, LAYERS = (8, 16, 32, 64), (16, 32, 64, 128), (1, 2)
TOGETHER = np.array(list(product(RATES, ONE_MINUS_BETAS, STRENGTHS)), "float32")
EPOCHS = {"digits": 18, "breast_cancer": 18, "diabetes": 18, "mnist10k": 9}
WORST = 10.0  # what diverged counts; a cost above it too


class Data(NamedTuple):
    """Train and dev, `y` one-hot, or `(m, 1)` standardised for regression."""

    x: np.ndarray
    y: np.ndarray
    x_dev: np.ndarray
    y_dev: np.ndarray
    classes: bool


def make_table(name: str) -> None:
    """Trains all 3,072 settings of one data set and writes its table."""
    data, started = load(name), time.perf_counter()
    shape = (len(UNITS), len(LAYERS), len(BATCHES))
    costs = np.empty((*shape, len(TOGETHER), 3), "float32")
    for place in np.ndindex(shape):
        u, n, b = place
        costs[place] = train(data, UNITS[u], LAYERS[n], BATCHES[b], EPOCHS[name])
    FOLDER.mkdir(exist_ok=True)
    grid = (len(RATES), len(ONE_MINUS_BETAS), len(STRENGTHS))
    costs = np.nan_to_num(costs, nan=WORST, posinf=WORST).clip(max=WORST)
    np.savez_compressed(FOLDER / f"{name}.npz", costs=costs.reshape(*shape, *grid, 3))
    print(
        f"{name}: {costs[..., 2].size} settings in {time.perf_counter() - started:.0f} s",
        flush=True,
    )


def load(name: str) -> Data:
    if name == "mnist10k":
        with np.load(MNIST) as stored:
            x, y = stored["x"][:3000].astype("float32") / 255, stored["y"][:3000]
        x = x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(len(x), -1)
    else:
        x, y = kr.data.load(name)
    split = kr.data.train_dev_test_split(
        np.asarray(x, "float32"), np.asarray(y), (0.65, 0.34, 0.01)
    )
    (x, y), (x_dev, y_dev) = split.train, split.dev
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-3
    x, x_dev = (x - mean) / deviation, (x_dev - mean) / deviation
    if name == "diabetes":
        y, y_dev = ((each - y.mean()) / y.std() for each in (y, y_dev))
        y, y_dev = y[:, None], y_dev[:, None]
    else:
        y, y_dev = (np.eye(int(y.max()) + 1)[each.astype(int)] for each in (y, y_dev))
    return Data(*(np.asarray(each, "float32") for each in (x, y, x_dev, y_dev)), name != "diabetes")


def train(data: Data, units: int, layers: int, batch: int, epochs: int) -> np.ndarray:
    """Dev costs `(members, 3)` of all members after a ninth, a third and all of the epochs."""
    rng = np.random.default_rng([units, layers, batch])
    rates, one_minus_betas, strengths = TOGETHER.T[:, :, None, None]
    weights = initial_weights(rng, data.x.shape[1], units, layers, data.y.shape[1])
    speeds = [np.zeros_like(w) for w in weights]
    costs = []
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(data.x))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            with np.errstate(over="ignore", invalid="ignore"):
                gradients = backward(weights, data.x[chosen], data.y[chosen], data.classes)
                for w, v, g in zip(weights, speeds, gradients, strict=True):
                    g += strengths * w
                    g *= rates
                    v *= 1 - one_minus_betas
                    v -= g
                    w += v
        if epoch in (epochs // 9, epochs // 3, epochs):
            costs.append(dev_cost(weights, data))
    return np.stack(costs, axis=1)


def initial_weights(rng, inputs, units, layers, outputs):
    """`(members, fan in + 1, fan out)` of each layer: He's, the last row is the bias."""
    sizes = [inputs, *[units] * layers, outputs]
    weights = []
    for fan_in, fan_out in pairwise(sizes):
        w = rng.normal(size=(len(TOGETHER), fan_in + 1, fan_out)) * np.sqrt(2 / fan_in)
        w[:, -1] = 0
        weights.append(w.astype("float32"))
    return weights


def forward(weights, x):
    """The activations of each layer, `(members, examples, units)`, a column of ones behind each."""
    members = len(weights[0])
    a = np.concatenate([x, np.ones((len(x), 1), "float32")], axis=1)
    side_by_side = weights[0].swapaxes(0, 1).reshape(a.shape[1], -1)
    z = (a @ side_by_side).reshape(len(x), members, -1).swapaxes(0, 1)
    activations = [a]
    for w in weights[1:]:
        ones = np.ones((members, len(x), 1), "float32")
        activations.append(np.concatenate([np.maximum(z, 0), ones], axis=2))
        z = activations[-1] @ w
    return activations, z


def backward(weights, x, y, classes):
    activations, z = forward(weights, x)
    delta = (softmax(z) if classes else z) - y
    delta /= len(x)
    gradients = []
    for w, a in zip(weights[:0:-1], activations[:0:-1], strict=True):
        gradients.append(a.swapaxes(1, 2) @ delta)
        delta = (delta @ w[:, :-1].swapaxes(1, 2)) * (a[:, :, :-1] > 0)
    side_by_side = delta.swapaxes(0, 1).reshape(len(x), -1)
    first = activations[0].T @ side_by_side
    gradients.append(first.reshape(len(first), len(delta), -1).swapaxes(0, 1))
    return gradients[::-1]


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def dev_cost(weights, data):
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        _, z = forward(weights, data.x_dev)
        if not data.classes:
            return ((z - data.y_dev) ** 2).mean(axis=(1, 2))
        right = np.einsum("meo,eo->me", softmax(z), data.y_dev)
        return -np.log(np.maximum(right, 1e-7)).mean(axis=1)
