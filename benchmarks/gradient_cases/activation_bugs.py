"""Bugs in activations, masks and the derivatives of losses."""

import math

import numpy as np
from keras import ops

from .bug import Operation, detour, wrong

ROWS = {"x": (5, 4)}
MASK = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1], [1, 0, 0, 1], [0, 1, 1, 1]], "float64")


def elementwise(function, derivative):
    return Operation(function, lambda up, x: (up * derivative(x),), ROWS)


def density(z):
    return ops.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def positive(tensor):
    return ops.cast(tensor > 0, tensor.dtype)


def huber(x):
    """With its corner at 0.3."""
    small = ops.abs(x) < 0.3
    return ops.where(small, x**2 / 2, 0.3 * ops.abs(x) - 0.045)


TANH = elementwise(ops.tanh, lambda x: 1 - ops.tanh(x) ** 2)
SIGMOID = elementwise(ops.sigmoid, lambda x: ops.sigmoid(x) * (1 - ops.sigmoid(x)))
RELU = elementwise(ops.relu, positive)
LEAKY = elementwise(
    lambda x: ops.leaky_relu(x, 0.1), lambda x: positive(x) + 0.1 * (1 - positive(x))
)
GELU = elementwise(
    lambda x: ops.gelu(x, approximate=False),
    lambda x: (1 + ops.erf(x / math.sqrt(2))) / 2 + x * density(x),
)
HUBER = elementwise(huber, lambda x: ops.clip(x, -0.3, 0.3))
DROPOUT = elementwise(
    lambda x: x * ops.cast(MASK, x.dtype) / 0.6, lambda x: ops.cast(MASK, x.dtype) / 0.6
)
SINE = elementwise(lambda x: ops.sin(3 * x), lambda x: 3 * ops.cos(3 * x))


def biased_relu(x, bias):
    return ops.relu(x + bias)


def biased_relu_backward(up, x, bias):
    by_z = up * positive(x + bias)
    return by_z, ops.sum(by_z, axis=0)


BIASED_RELU = Operation(biased_relu, biased_relu_backward, {"x": (5, 4), "bias": (4,)})


def softmax_backward(up, x):
    p = ops.softmax(x)
    return (p * (up - ops.sum(up * p, axis=-1, keepdims=True)),)


SOFTMAX = Operation(lambda x: ops.softmax(x), softmax_backward, ROWS)
LOG_SOFTMAX = Operation(
    lambda x: ops.log_softmax(x),
    lambda up, x: (up - ops.softmax(x) * ops.sum(up, axis=-1, keepdims=True),),
    ROWS,
)


def tempered(x, temperature):
    return x * ops.exp(temperature)


TEMPERED = Operation(
    tempered,
    lambda up, x, t: (up * ops.exp(t), ops.sum(up * tempered(x, t))),
    {"x": (5, 4), "temperature": ()},
)


def focal(change, x):
    """The focal loss of class 0: cross-entropy, less for examples that are already right."""
    p = ops.softmax(x)[:, :1]
    return -change((1 - p) ** 2) * ops.log(p)


def gated(change, x, kernel, gate):
    return ops.matmul(x, kernel) * change(ops.sigmoid(ops.matmul(x, gate)))


QUANTISED = Operation(lambda x: ops.floor(4 * x) / 4, lambda up, x: (0 * up,), ROWS)
IDENTITY = Operation(lambda x: 1.0 * x, lambda up, x: (up,), ROWS)


ACTIVATION_BUGS = [
    wrong("tanh' = 1 - z^2, not 1 - a^2", TANH, x=lambda s: s.up * (1 - s.x**2)),
    wrong("sigmoid' = a, without (1 - a)", SIGMOID, x=lambda s: s.up * ops.sigmoid(s.x)),
    wrong("GELU' without z phi(z)", GELU, x=lambda s: s.dx - s.up * s.x * density(s.x)),
    wrong("ReLU mask of dA, not of Z", RELU, x=lambda s: s.up * positive(s.up)),
    wrong(
        "ReLU mask of X, not of X + b",
        BIASED_RELU,
        x=lambda s: s.up * positive(s.x),
        bias=lambda s: ops.sum(s.up * positive(s.x), axis=0),
    ),
    wrong("leaky ReLU: slope 0 below 0", LEAKY, x=lambda s: s.up * positive(s.x)),
    wrong("Huber not clipped", HUBER, x=lambda s: s.up * s.x),
    wrong("dropout: mask forgotten", DROPOUT, x=lambda s: s.up / 0.6),
    wrong("dropout: 1/keep_prob forgotten", DROPOUT, x=lambda s: s.dx * 0.6),
    wrong("dropout: another mask", DROPOUT, x=lambda s: s.up * ops.flip(MASK, 0) / 0.6),
    wrong("chain rule: inner derivative missing", SINE, x=lambda s: s.dx / 3),
    wrong("softmax without its off-diagonal", SOFTMAX, x=lambda s: s.up * diagonal(s.x)),
    wrong("softmax over the wrong axis", SOFTMAX, x=lambda s: softmax_of_columns(s)),
    wrong("log-softmax: p y missing", LOG_SOFTMAX, x=lambda s: s.up),
    wrong("a scalar's gradient: mean for sum", TEMPERED, temperature=lambda s: s.dtemperature / 20),
    detour("focal loss: its weight held constant", focal, ROWS, "x"),
    detour(
        "stop_gradient left on a gate",
        gated,
        {"x": (5, 4), "kernel": (4, 3), "gate": (4, 3)},
        "x gate",
    ),
    wrong("straight-through rounding left in", QUANTISED, x=lambda s: s.up),
    wrong("gradient reversal left in", IDENTITY, x=lambda s: -s.up),
]


def diagonal(x):
    p = ops.softmax(x)
    return p * (1 - p)


def softmax_of_columns(s):
    p = ops.softmax(s.x)
    return p * (s.up - ops.sum(s.up * p, axis=0, keepdims=True))
