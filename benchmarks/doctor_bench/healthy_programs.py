"""Healthy programs over real data, one function of the seed each, and the halves they belong to.

The seed splits the data; one half of the programs is for tuning the doctor, the other to report.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from doctor_bench.program import Program, layer

MNIST = Path(os.environ.get("KR_MNIST", "../shared/data/mnist10k.npz"))


def digits_mlp(seed: int) -> Program:
    x, y = _table("digits")
    layers = (
        layer("Dense", units=64, activation="relu"),
        layer("Dense", units=32, activation="relu"),
        layer("Dense", units=10, activation="softmax"),
    )
    return _program(
        "digits_mlp", "classes", x / 16, y, seed, layers,
        loss="sparse_categorical_crossentropy", epochs=15, metrics=("accuracy",),
    )  # fmt: skip


def breast_cancer(seed: int) -> Program:
    x, y = _table("breast_cancer")
    layers = (
        layer("Dense", units=16, activation="relu"),
        layer("Dense", units=8, activation="relu"),
        layer("Dense", units=1, activation="sigmoid"),
    )
    return _program(
        "breast_cancer", "binary", x, y[:, None], seed, layers, standardize=True,
        loss="binary_crossentropy", epochs=20, metrics=("accuracy",),
        optimizer="SGD", optimizer_options={"learning_rate": 0.02, "momentum": 0.9},
    )  # fmt: skip


def diabetes(seed: int) -> Program:
    x, y = _table("diabetes")
    layers = (
        layer("Dense", units=16, activation="relu"),
        layer("Dense", units=1, activation="linear"),
    )
    y = (y - y.mean()) / y.std()
    return _program(
        "diabetes", "regression", x, y[:, None], seed, layers, standardize=True,
        loss="mean_squared_error", epochs=25,
        optimizer="SGD", optimizer_options={"learning_rate": 0.02},
    )  # fmt: skip


def digits_cnn(seed: int) -> Program:
    x, y = _table("digits")
    layers = (
        layer("Conv2D", filters=16, kernel_size=3, activation="relu"),
        layer("MaxPooling2D", pool_size=2),
        layer("Flatten"),
        layer("Dense", units=32, activation="relu"),
        layer("Dense", units=10, activation="softmax"),
    )
    return _program(
        "digits_cnn", "classes", x.reshape(-1, 8, 8, 1) / 16, np.eye(10)[y], seed, layers,
        loss="categorical_crossentropy", epochs=15, metrics=("accuracy",), validation=False,
    )  # fmt: skip


def digits_bits(seed: int) -> Program:
    """Several labels: the four binary digits of the digit."""
    x, y = _table("digits")
    layers = (
        layer("Dense", units=64, activation="relu"),
        layer("Dense", units=4, activation="sigmoid"),
    )
    return _program(
        "digits_bits", "multilabel", x / 16, (y[:, None] >> np.arange(4)) & 1, seed, layers,
        loss="binary_crossentropy", epochs=20, metrics=("binary_accuracy",),
    )  # fmt: skip


def digits_rows_lstm(seed: int) -> Program:
    """Sequences: the eight rows of a digit as time steps."""
    x, y = _table("digits")
    layers = (
        layer("LSTM", units=32),
        layer("Dense", units=10, activation="softmax"),
    )
    return _program(
        "digits_rows_lstm", "classes", x.reshape(-1, 8, 8) / 16, y, seed, layers,
        loss="sparse_categorical_crossentropy", epochs=15, metrics=("accuracy",),
        optimizer_options={"learning_rate": 0.005},
    )  # fmt: skip


def iris(seed: int) -> Program:
    x, y = _table("iris")
    layers = (
        layer("Dense", units=10, activation="tanh"),
        layer("Dense", units=3, activation="softmax"),
    )
    return _program(
        "iris", "classes", x, np.eye(3)[y], seed, layers, standardize=True,
        loss="categorical_crossentropy", epochs=40, batch_size=8, metrics=("accuracy",),
        optimizer_options={"learning_rate": 0.01}, validation=False,
    )  # fmt: skip


def digits_deep(seed: int) -> Program:
    """Six layers of ReLU under SGD with momentum, He's initialisation."""
    x, y = _table("digits")
    hidden = layer("Dense", units=32, activation="relu", kernel_initializer="he_normal")
    layers = (*(hidden for _ in range(6)), layer("Dense", units=10, activation="softmax"))
    return _program(
        "digits_deep", "classes", x, y, seed, layers, standardize=True,
        loss="sparse_categorical_crossentropy", epochs=20, metrics=("accuracy",),
        optimizer="SGD", optimizer_options={"learning_rate": 0.02, "momentum": 0.9},
    )  # fmt: skip


def wine(seed: int) -> Program:
    x, y = _table("wine")
    layers = (
        layer("Dense", units=16, activation="relu"),
        layer("Dense", units=3, activation="softmax"),
    )
    return _program(
        "wine", "classes", x, np.eye(3)[y], seed, layers, standardize=True,
        loss="categorical_crossentropy", epochs=25, batch_size=16, metrics=("accuracy",),
        optimizer_options={"learning_rate": 0.01},
    )  # fmt: skip


def mnist_mlp(seed: int) -> Program:
    x, y = _mnist(4000, seed)
    layers = (
        layer("Flatten"),
        layer("Dense", units=100, activation="relu"),
        layer("Dense", units=10, activation="softmax"),
    )
    return _program(
        "mnist_mlp", "classes", x, np.eye(10)[y], seed, layers,
        loss="categorical_crossentropy", epochs=8, batch_size=64, metrics=("accuracy",),
        optimizer="SGD", optimizer_options={"learning_rate": 0.1}, validation=False,
    )  # fmt: skip


def mnist_cnn(seed: int) -> Program:
    """Batch normalisation before the activations, dropout before the output."""
    x, y = _mnist(2000, seed)
    layers = (
        layer("Conv2D", filters=8, kernel_size=5, strides=2, use_bias=False),
        layer("BatchNormalization"),
        layer("Activation", activation="relu"),
        layer("Conv2D", filters=16, kernel_size=3, strides=2, use_bias=False),
        layer("BatchNormalization"),
        layer("Activation", activation="relu"),
        layer("Flatten"),
        layer("Dropout", rate=0.3),
        layer("Dense", units=10, activation="softmax"),
    )
    return _program(
        "mnist_cnn", "classes", x[..., None], y, seed, layers,
        loss="sparse_categorical_crossentropy", epochs=8, batch_size=32, metrics=("accuracy",),
        optimizer_options={"learning_rate": 0.003},
    )  # fmt: skip


def digits_rows_gru(seed: int) -> Program:
    x, y = _table("digits")
    layers = (
        layer("GRU", units=32, return_sequences=True),
        layer("GRU", units=16),
        layer("Dense", units=10, activation="softmax"),
    )
    return _program(
        "digits_rows_gru", "classes", x.reshape(-1, 8, 8) / 16, np.eye(10)[y], seed, layers,
        loss="categorical_crossentropy", epochs=15, metrics=("accuracy",),
        optimizer="RMSprop", optimizer_options={"learning_rate": 0.005}, validation=False,
    )  # fmt: skip


def cancer_embedding(seed: int) -> Program:
    """Ten columns cut into eight bins each, every bin looked up in an embedding."""
    x, y = _table("breast_cancer")
    x = x[:, :10]
    edges = np.quantile(x, np.arange(1, 8) / 8, axis=0)
    index = (x[:, None, :] > edges[None]).sum(1) + 8 * np.arange(10)
    layers = (
        layer("Embedding", input_dim=80, output_dim=4),
        layer("Flatten"),
        layer("Dense", units=16, activation="relu"),
        layer("Dense", units=1, activation="sigmoid"),
    )
    return _program(
        "cancer_embedding", "binary", index, y[:, None], seed, layers, kind="int32",
        loss="binary_crossentropy", epochs=30, metrics=("accuracy",),
        optimizer_options={"learning_rate": 0.002},
    )  # fmt: skip


def digits_autoencoder(seed: int) -> Program:
    x, _ = _table("digits")
    layers = (
        layer("Dense", units=32, activation="relu"),
        layer("Dense", units=16, activation="relu"),
        layer("Dense", units=32, activation="relu"),
        layer("Dense", units=64, activation="sigmoid"),
    )
    return _program(
        "digits_autoencoder", "regression", x / 16, x / 16, seed, layers,
        loss="mean_squared_error", epochs=30, optimizer_options={"learning_rate": 0.003},
    )  # fmt: skip


def digits_eights(seed: int) -> Program:
    """Imbalanced: one in ten is an eight."""
    x, y = _table("digits")
    layers = (
        layer("Dense", units=32, activation="relu"),
        layer("Dense", units=16, activation="relu"),
        layer("Dense", units=1, activation="sigmoid"),
    )
    return _program(
        "digits_eights", "binary", x / 16, (y == 8)[:, None], seed, layers,
        loss="binary_crossentropy", epochs=25, metrics=("accuracy",),
        optimizer_options={"learning_rate": 0.003},
    )  # fmt: skip


def digits_residual(seed: int) -> Program:
    """Functional, with three skips."""
    x, y = _table("digits")
    block = layer(
        "Skip",
        layers=(
            layer("Dense", units=32, activation="relu", kernel_initializer="he_normal"),
            layer("Dense", units=32),
        ),
    )
    layers = (
        layer("Dense", units=32, activation="relu"),
        *(block for _ in range(3)),
        layer("Dense", units=10, activation="softmax"),
    )
    return _program(
        "digits_residual", "classes", x / 16, y, seed, layers,
        loss="sparse_categorical_crossentropy", epochs=12, metrics=("accuracy",),
    )  # fmt: skip


def digits_wide(seed: int) -> Program:
    """One wide layer; the loss works on logits."""
    x, y = _table("digits")
    layers = (layer("Dense", units=1024, activation="elu"), layer("Dense", units=10))
    return _program(
        "digits_wide", "classes", x / 16, y, seed, layers,
        loss="SparseCategoricalCrossentropy", loss_options={"from_logits": True},
        epochs=10, metrics=("accuracy",), optimizer_options={"learning_rate": 0.001},
    )  # fmt: skip


def cancer_regression(seed: int) -> Program:
    """The worst concavity of a cell from the ten mean measurements."""
    x, _ = _table("breast_cancer")
    y = x[:, 27]
    layers = (
        layer("Dense", units=32, activation="relu"),
        layer("Dense", units=16, activation="relu"),
        layer("Dense", units=1),
    )
    return _program(
        "cancer_regression", "regression", x[:, :10], ((y - y.mean()) / y.std())[:, None], seed,
        layers, standardize=True, loss="mean_squared_error", epochs=20,
        optimizer_options={"learning_rate": 0.005}, validation=False,
    )  # fmt: skip


HALVES: dict[str, tuple[Callable[[int], Program], ...]] = {
    "tuning": (
        digits_mlp,
        breast_cancer,
        diabetes,
        digits_cnn,
        digits_bits,
        digits_rows_lstm,
        iris,
        digits_deep,
        digits_wide,
    ),
    "report": (
        wine,
        mnist_mlp,
        mnist_cnn,
        digits_rows_gru,
        cancer_embedding,
        digits_autoencoder,
        digits_eights,
        digits_residual,
        cancer_regression,
    ),
}
NEEDS_MNIST = ("mnist_mlp", "mnist_cnn")


def programs_of(half: str) -> dict[str, Callable[[int], Program]]:
    """Name -> function of the seed, for a half or `"all"`, without those of `missing()`."""
    halves = HALVES if half == "all" else {half: HALVES[half]}
    found = {make.__name__: make for makes in halves.values() for make in makes}
    return {name: make for name, make in found.items() if name not in missing()}


def missing() -> tuple[str, ...]:
    """Programs whose data are not at hand."""
    return () if MNIST.is_file() else NEEDS_MNIST


def _table(name: str) -> tuple[np.ndarray, np.ndarray]:
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return np.asarray(x, "float64"), np.asarray(y)


def _mnist(examples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    with np.load(MNIST) as file:
        chosen = np.random.default_rng(seed).permutation(len(file["x"]))[:examples]
        return file["x"][chosen] / 255, file["y"][chosen]


def _program(
    name: str,
    task: str,
    x: np.ndarray,
    y: np.ndarray,
    seed: int,
    layers: tuple,
    *,
    standardize: bool = False,
    kind: str = "float32",
    **arguments: Any,
) -> Program:
    order = np.random.default_rng([seed, 7]).permutation(len(x))
    x, y = x[order], y[order]
    cut = int(0.75 * len(x))
    if standardize:  # by train alone
        x = (x - x[:cut].mean(0)) / np.where(x[:cut].std(0) > 0, x[:cut].std(0), 1)
    x, y = x.astype(kind), y.astype("float32")
    return Program(name, task, x[:cut], y[:cut], x[cut:], y[cut:], layers, **arguments)
