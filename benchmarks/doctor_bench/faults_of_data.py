"""Faults of the inputs and the targets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from doctor_bench.fault import fault
from doctor_bench.program import Program


def _numbers(program: Program) -> bool:
    return program.x.dtype.kind == "f"


def _inputs(program: Program, factor: object = 1.0, shift: object = 0.0) -> Program | None:
    if not _numbers(program):
        return None
    x, x_dev = ((each * factor + shift).astype("float32") for each in (program.x, program.x_dev))
    return replace(program, x=x, x_dev=x_dev)


def _labels(program: Program) -> np.ndarray:
    """The class of each example; of several labels or numbers, their sum."""
    y = program.y
    return (
        y.argmax(1) if program.task == "classes" and y.ndim == 2 else y.reshape(len(y), -1).sum(1)
    )


@fault("preprocessing")
def inputs_times_255(program: Program, random: np.random.Generator) -> Program | None:
    return _inputs(program, 255)


@fault("preprocessing")
def inputs_by_1000(program: Program, random: np.random.Generator) -> Program | None:
    return _inputs(program, 1e-3)


@fault("preprocessing")
def features_of_mixed_scales(program: Program, random: np.random.Generator) -> Program | None:
    """Columns between a thousandth and a thousandfold, as in raw tables."""
    if program.x.ndim != 2:
        return None
    return _inputs(program, 10 ** random.uniform(-3, 3, program.x.shape[1]))


@fault("preprocessing")
def inputs_far_from_zero(program: Program, random: np.random.Generator) -> Program | None:
    return _inputs(program, 1, 300)


@fault("data", "preprocessing")
def nan_among_the_inputs(program: Program, random: np.random.Generator) -> Program | None:
    if not _numbers(program):
        return None
    x = program.x.copy()
    x.reshape(len(x), -1)[random.choice(len(x), max(1, len(x) // 100), replace=False), 0] = np.nan
    return replace(program, x=x)


@fault("preprocessing", "data")
def dev_not_scaled(program: Program, random: np.random.Generator) -> Program | None:
    """Train was scaled, dev was forgotten."""
    if not (_numbers(program) and program.validation):
        return None
    return replace(program, x_dev=(program.x_dev * 50 + 100).astype("float32"))


@fault("preprocessing", "learning_rate", "data")  # the gradient grows with the target
def targets_in_thousands(program: Program, random: np.random.Generator) -> Program | None:
    """Of a regression, under plain gradient descent."""
    if program.task != "regression" or program.output.options.get("activation") == "sigmoid":
        return None
    y, y_dev = ((5000 * each + 20000).astype("float32") for each in (program.y, program.y_dev))
    return replace(program, y=y, y_dev=y_dev).with_optimizer("SGD", learning_rate=0.01)


@fault("data", "preprocessing", "layers")  # or one more unit
def labels_from_one(program: Program, random: np.random.Generator) -> Program | None:
    """Classes 1 to K, where K units and the loss expect 0 to K - 1."""
    if program.task not in ("classes", "binary") or _one_hot(program):
        return None
    return replace(program, y=program.y + 1, y_dev=program.y_dev + 1)


def _one_hot(program: Program) -> bool:
    return program.y.ndim == 2 and program.y.shape[1] > 1


@fault("data")
def labels_shuffled(program: Program, random: np.random.Generator) -> Program | None:
    return replace(program, y=program.y[random.permutation(len(program.y))])


@fault("data")
def labels_sorted_apart(program: Program, random: np.random.Generator) -> Program | None:
    """The targets were sorted, the inputs were not: they belong to other examples."""
    return replace(program, y=program.y[np.argsort(_labels(program), kind="stable")])


@fault("data")
def sorted_and_not_shuffled(program: Program, random: np.random.Generator) -> Program | None:
    order = np.argsort(_labels(program), kind="stable")
    return replace(program, x=program.x[order], y=program.y[order], shuffle=False)


@fault("data")
def one_class_only(program: Program, random: np.random.Generator) -> Program | None:
    """A cut of a sorted file: train holds one class alone."""
    if program.task not in ("classes", "binary"):
        return None
    labels = _labels(program)
    kept = labels == np.bincount(labels.astype(int)).argmax()
    return replace(program, x=program.x[kept], y=program.y[kept])
