"""Bugs in linear maps, costs and regularisation."""

import numpy as np
from keras import ops

from .bug import Operation, detour, gradient_times, wrong


def dense(x, kernel, bias):
    return ops.matmul(x, kernel) + bias


def dense_backward(up, x, kernel, bias):
    return (
        ops.matmul(up, ops.transpose(kernel)),
        ops.matmul(ops.transpose(x), up),
        ops.sum(up, axis=0),
    )


def dense_of(examples, inputs, units, behind_a_layer=True):
    shapes = {"x": (examples, inputs), "kernel": (inputs, units), "bias": (units,)}
    return Operation(dense, dense_backward, shapes, behind_a_layer)


DENSE, SQUARE, WIDE = dense_of(5, 4, 3), dense_of(4, 4, 4), dense_of(3, 40, 25, False)


def cost(x, kernel, bias):
    """Each example's part of the mean of softplus: logistic regression, every label 0."""
    return ops.softplus(ops.matmul(x, kernel) + bias) / x.shape[0]


def cost_backward(up, x, kernel, bias):
    by_z = up * ops.sigmoid(ops.matmul(x, kernel) + bias) / x.shape[0]
    return dense_backward(by_z, x, kernel, bias)


COST = Operation(cost, cost_backward, {"x": (5, 4), "kernel": (4, 1), "bias": (1,)})


def decayed(x, kernel):
    """A linear map whose outputs carry the weight decay `0.3 ||W||^2` with them."""
    return ops.matmul(x, kernel) + 0.3 * ops.sum(kernel**2)


def decayed_backward(up, x, kernel):
    by_kernel = ops.matmul(ops.transpose(x), up) + 0.6 * kernel * ops.sum(up)
    return ops.matmul(up, ops.transpose(kernel)), by_kernel


DECAYED = Operation(decayed, decayed_backward, {"x": (5, 4), "kernel": (4, 3)})


def two_maps(x, left, right):
    return ops.matmul(x, left) * ops.matmul(x, right)


def two_maps_backward(up, x, left, right):
    by_left, by_right = up * ops.matmul(x, right), up * ops.matmul(x, left)
    by_x = ops.matmul(by_left, ops.transpose(left)) + ops.matmul(by_right, ops.transpose(right))
    return by_x, ops.matmul(ops.transpose(x), by_left), ops.matmul(ops.transpose(x), by_right)


TWO_MAPS = Operation(two_maps, two_maps_backward, {"x": (5, 4), "left": (4, 3), "right": (4, 3)})


def quotient(x, scale):
    return x / (2 + scale**2)


def quotient_backward(up, x, scale):
    below = 2 + scale**2
    return up / below, ops.sum(-up * x * 2 * scale / below**2, axis=0)


QUOTIENT = Operation(quotient, quotient_backward, {"x": (5, 4), "scale": (4,)})


def broadcast(x, scale):
    return x * scale


def broadcast_backward(up, x, scale):
    return up * scale, ops.sum(up * x, axis=(0, 2), keepdims=True)[0]


BROADCAST = Operation(broadcast, broadcast_backward, {"x": (4, 3, 2), "scale": (3, 1)})


def log_determinant(x, kernel):
    return x + ops.log(ops.det(kernel) ** 2)


def log_determinant_backward(up, x, kernel):
    return up, 2 * ops.transpose(ops.inv(kernel)) * ops.sum(up)


LOG_DETERMINANT = Operation(
    log_determinant, log_determinant_backward, {"x": (5, 3), "kernel": (3, 3)}
)


def weight_normalised(x, direction, length):
    return length * ops.matmul(x, direction) / ops.norm(direction)


def weight_normalised_backward(up, x, direction, length):
    norm = ops.norm(direction)
    by_w = ops.matmul(ops.transpose(x), up)
    by_length = ops.sum(by_w * direction) / norm
    by_direction = length / norm * (by_w - by_length * direction / norm)
    return length / norm * ops.matmul(up, ops.transpose(direction)), by_direction, by_length


WEIGHT_NORMALISED = Operation(
    weight_normalised,
    weight_normalised_backward,
    {"x": (5, 4), "direction": (4, 3), "length": ()},
)


def tied(change, x, kernel):
    return ops.matmul(ops.tanh(ops.matmul(x, kernel)), change(kernel))


def weighted(change, x, kernel):
    """Examples of weights 1 to 5; the bug takes the gradient of each as if it weighed 1."""
    return ops.cast(np.arange(1.0, 6.0)[:, None], x.dtype) * change(ops.matmul(x, kernel))


def as_if_unweighted(z):
    return gradient_times(ops.cast(1 / np.arange(1.0, 6.0)[:, None], z.dtype))(z)


def dropped(gradient, *index):
    mask = np.ones(gradient.shape)
    mask[index] = 0
    return gradient * ops.cast(mask, gradient.dtype)


def one_over_norm(gradient):
    return gradient / ops.norm(gradient)


def in_half_precision(gradient):
    return ops.cast(ops.cast(gradient, "float16"), gradient.dtype)


LINEAR_BUGS = [
    wrong("dW twice too large", DENSE, kernel=lambda s: 2 * s.dkernel),
    wrong("sign of db", DENSE, bias=lambda s: -s.dbias),
    wrong("dW 0.1 % too large", DENSE, kernel=lambda s: 1.001 * s.dkernel),
    wrong("db forgotten", DENSE, bias=lambda s: 0 * s.dbias),
    wrong("dW transposed", SQUARE, kernel=lambda s: ops.transpose(s.dkernel)),
    wrong("dX = dZ W, not dZ W^T", SQUARE, x=lambda s: ops.matmul(s.up, s.kernel)),
    wrong("db summed over the wrong axis", SQUARE, bias=lambda s: ops.sum(s.up, axis=1)),
    wrong("dW dropped for 1 element of 1,000", WIDE, kernel=lambda s: dropped(s.dkernel, 17, 9)),
    wrong("dX dropped for 1 feature", DENSE, x=lambda s: dropped(s.dx, slice(None), 2)),
    wrong("dW without the last example", DENSE, kernel=lambda s: s.dkernel - last_example(s)),
    wrong("dW off by a constant 1e-4", DENSE, kernel=lambda s: s.dkernel + 1e-4),
    wrong("dW clipped to 0.01", DENSE, kernel=lambda s: ops.clip(s.dkernel, -0.01, 0.01)),
    wrong("dW scaled to length 1", DENSE, kernel=lambda s: one_over_norm(s.dkernel)),
    wrong("dW rounded to float16", DENSE, kernel=lambda s: in_half_precision(s.dkernel)),
    wrong("weight decay in dW, not in J", DENSE, kernel=lambda s: s.dkernel + 0.01 * s.kernel),
    wrong("1/m forgotten in db", COST, bias=lambda s: s.dbias * s.x.shape[0]),
    wrong("1/m twice in dW", COST, kernel=lambda s: s.dkernel / s.x.shape[0]),
    wrong("regularisation forgotten in dW", DECAYED, kernel=lambda s: s.dkernel - decay(s)),
    wrong("regularisation without its 2", DECAYED, kernel=lambda s: s.dkernel - decay(s) / 2),
    wrong("one term of the product rule missing", TWO_MAPS, x=lambda s: left_path(s)),
    wrong("two gradients exchanged", TWO_MAPS, left=lambda s: s.dright, right=lambda s: s.dleft),
    wrong("quotient rule without the square", QUOTIENT, scale=lambda s: s.dscale * below(s)),
    wrong("broadcast: mean for sum", BROADCAST, scale=lambda s: s.dscale / 2),
    wrong("broadcast: one column only", BROADCAST, scale=lambda s: first_column(s)),
    wrong("log det: inverse not transposed", LOG_DETERMINANT, kernel=lambda s: flipped(s)),
    wrong(
        "weight norm: the norm held constant",
        WEIGHT_NORMALISED,
        direction=lambda s: s.length / ops.norm(s.direction) * ops.matmul(ops.transpose(s.x), s.up),
    ),
    detour("tied weights counted once", tied, {"x": (5, 3), "kernel": (3, 3)}, "kernel"),
    detour(
        "sample weights forgotten",
        weighted,
        {"x": (5, 4), "kernel": (4, 3)},
        "x kernel",
        as_if_unweighted,
    ),
]


def last_example(s):
    return ops.matmul(ops.transpose(s.x[-1:]), s.up[-1:])


def decay(s):
    return 0.6 * s.kernel * ops.sum(s.up)


def left_path(s):
    return ops.matmul(s.up * ops.matmul(s.x, s.right), ops.transpose(s.left))


def below(s):
    return 2 + s.scale**2


def first_column(s):
    return ops.sum(s.up * s.x, axis=0)[:, :1]


def flipped(s):
    return ops.transpose(s.dkernel)
