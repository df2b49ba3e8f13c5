"""Bugs in convolutions, pooling, look-ups, recurrent layers, attention and skips."""

import math

from keras import ops

from .bug import Operation, detour, gradient_times, wrong

SEQUENCE = {"x": (3, 4, 2)}


def windows(x, step):
    """What tap `step` of a kernel of 3 sees of 4 time steps."""
    return x[:, step : step + 2]


def convolution(x, kernel):
    return sum(ops.matmul(windows(x, k), kernel[k]) for k in range(3))


def convolution_backward(up, x, kernel):
    return by_sequence(up, kernel), by_kernel(up, [windows(x, k) for k in range(3)])


def by_kernel(up, seen):
    return ops.stack([ops.einsum("btc,btf->cf", one, up) for one in seen])


def by_sequence(up, kernel):
    taps = [ops.matmul(up, ops.transpose(kernel[k])) for k in range(3)]
    return sum(ops.pad(tap, [[0, 0], [k, 2 - k], [0, 0]]) for k, tap in enumerate(taps))


CONVOLUTION = Operation(convolution, convolution_backward, SEQUENCE | {"kernel": (3, 2, 3)})


def pairs(x):
    return ops.reshape(x, (3, 2, 2, 2))


def maximum(x):
    return ops.max(pairs(x), axis=2)


def spread(up, shares):
    return ops.reshape(up[:, :, None] * shares, (3, 4, 2))


def winners(x):
    return ops.cast(pairs(x) == maximum(x)[:, :, None], x.dtype)


MAX_POOL = Operation(maximum, lambda up, x: (spread(up, winners(x)),), SEQUENCE)
AVERAGE_POOL = Operation(
    lambda x: ops.mean(pairs(x), axis=2),
    lambda up, x: (spread(up, ops.ones_like(pairs(x)) / 2),),
    SEQUENCE,
)
REPEAT = Operation(
    lambda x: ops.repeat(x, 2, axis=1),
    lambda up, x: (two_steps(up)[0] + two_steps(up)[1],),
    SEQUENCE,
)
CUMULATIVE = Operation(lambda x: ops.cumsum(x, axis=1), lambda up, x: (sum_of_later(up),), SEQUENCE)
ORDER, BACK = [2, 0, 3, 1], [1, 3, 0, 2]
PERMUTED = Operation(
    lambda x: ops.take(x, ORDER, axis=1), lambda up, x: (ops.take(up, BACK, axis=1),), SEQUENCE
)
FLATTENED = Operation(
    lambda x: ops.reshape(x, (3, 8)), lambda up, x: (ops.reshape(up, (3, 4, 2)),), SEQUENCE
)


def two_steps(up):
    return up[:, ::2], up[:, 1::2]


def sum_of_later(up):
    return ops.flip(ops.cumsum(ops.flip(up, axis=1), axis=1), axis=1)


def looked_up(x, table):
    return ops.take(table, x, axis=0)


def by_table(up, x, keep=1.0):
    ids = ops.reshape(x, (-1,))
    rows = ops.reshape(up, (-1, 2)) * keep
    return ops.matmul(ops.transpose(ops.one_hot(ids, 3, dtype=up.dtype)), rows)


EMBEDDING = Operation(
    looked_up,
    lambda up, x, table: (None, by_table(up, x)),
    {"x": (3, 4), "table": (3, 2)},
    behind_a_layer=False,
    integers=True,
)


def by_last_occurrence(s):
    ids = ops.reshape(s.x, (-1,))
    same = ops.cast(ids[:, None] == ids[None, :], s.up.dtype)
    later = ops.sum(ops.triu(same, 1), axis=1, keepdims=True)
    return by_table(s.up, s.x, ops.cast(later == 0, s.up.dtype))


def recurrent(change, x, kernel, recurrent, bias):
    state = ops.zeros_like(x[:, 0] @ kernel)
    for t in range(3):
        state = ops.tanh(x[:, t] @ kernel + change(state) @ recurrent + bias)
    return state


def gated_memory(change, x, kernel, forget):
    """A memory cell: `c = f c + (1 - f) candidate`."""
    cell = 0.5 * ops.ones_like(x[:, 0] @ kernel)
    for t in range(3):
        gate = change(ops.sigmoid(x[:, t] @ forget))
        cell = gate * cell + (1 - gate) * ops.tanh(x[:, t] @ kernel)
    return cell


def padded_mean(change, x, kernel):
    """Mean over the first 3 time steps; the last is padding."""
    return ops.mean(change(ops.tanh(ops.matmul(x, kernel)))[:, :3], axis=1)


def only_first_step(z):
    return ops.concatenate([z[:, :1], ops.stop_gradient(z[:, 1:])], axis=1)


def attention(scores_change, value_change=None, mask_change=None):
    """Attention of one head, with a place for a bug on the scores, the values, or the weights."""

    def function(change, x, query, key, value):
        changes = [change if use else same for use in (scores_change, value_change, mask_change)]
        scores = changes[0](ops.matmul(x @ query, ops.transpose(x @ key, (0, 2, 1))))
        weights = changes[2](ops.softmax(scores / math.sqrt(3)))
        return ops.matmul(weights, changes[1](x @ value))

    return function


def same(tensor):
    return tensor


def residual(change, x, kernel):
    return change(x) + ops.tanh(ops.matmul(x, kernel))


CELL = {"x": (3, 3, 2), "kernel": (2, 3), "recurrent": (3, 3), "bias": (3,)}
HEADS = {"x": (3, 4, 2), "query": (2, 3), "key": (2, 3), "value": (2, 3)}

SEQUENCE_BUGS = [
    wrong(
        "convolution: dW off by one step",
        CONVOLUTION,
        kernel=lambda s: by_kernel(s.up, [windows(s.x, min(k + 1, 2)) for k in range(3)]),
    ),
    wrong(
        "convolution: kernel not flipped in dX",
        CONVOLUTION,
        x=lambda s: by_sequence(s.up, ops.flip(s.kernel, axis=0)),
    ),
    wrong(
        "convolution: dX lost at the edge",
        CONVOLUTION,
        x=lambda s: ops.pad(s.dx[:, :-1], [[0, 0], [0, 1], [0, 0]]),
    ),
    wrong(
        "max pool: always to the first place",
        MAX_POOL,
        x=lambda s: spread(s.up, ops.cast([[1.0], [0.0]], s.up.dtype)),
    ),
    wrong("average pool: 1/size forgotten", AVERAGE_POOL, x=lambda s: 2 * s.dx),
    wrong("upsampling: one copy only", REPEAT, x=lambda s: two_steps(s.up)[0]),
    wrong("cumsum: off by one", CUMULATIVE, x=lambda s: s.dx - s.up),
    wrong("permutation: not inverted", PERMUTED, x=lambda s: ops.take(s.up, ORDER, axis=1)),
    wrong(
        "reshape: axes exchanged",
        FLATTENED,
        x=lambda s: ops.transpose(ops.reshape(s.up, (3, 2, 4)), (0, 2, 1)),
    ),
    wrong("embedding: repeated indices lost", EMBEDDING, table=by_last_occurrence),
    detour("recurrence truncated", recurrent, CELL, "x kernel recurrent bias"),
    detour(
        "stop_gradient left on a forget gate",
        gated_memory,
        {"x": (3, 3, 2), "kernel": (2, 3), "forget": (2, 3)},
        "x forget",
    ),
    detour(
        "time steps lost in a masked mean",
        padded_mean,
        {"x": (3, 4, 2), "kernel": (2, 3)},
        "x kernel",
        only_first_step,
    ),
    detour(
        "attention: scale missing in dScores",
        attention(True),
        HEADS,
        "x query key",
        gradient_times(math.sqrt(3)),
    ),
    detour(
        "attention: weights held constant", attention(False, mask_change=True), HEADS, "x query key"
    ),
    detour("attention: values detached", attention(False, True), HEADS, "x value"),
    detour("residual branch detached", residual, {"x": (5, 4), "kernel": (4, 4)}, "x"),
]
