"""Bugs in the backward passes of normalisations."""

from keras import ops

from .bug import Operation, wrong

EPSILON = 1e-3
SHAPES = {"x": (5, 4), "gamma": (4,), "beta": (4,)}


def standardised(x, axis):
    mean = ops.mean(x, axis=axis, keepdims=True)
    deviation = ops.sqrt(ops.mean((x - mean) ** 2, axis=axis, keepdims=True) + EPSILON)
    return (x - mean) / deviation, deviation


def normalisation(axis):
    """Batch norm over axis 0, layer norm over axis -1, with `gamma` and `beta` by feature."""

    def forward(x, gamma, beta):
        return gamma * standardised(x, axis)[0] + beta

    def backward(up, x, gamma, beta):
        hat, _ = standardised(x, axis)
        return by_inputs(up * gamma, x, axis), ops.sum(up * hat, axis=0), ops.sum(up, axis=0)

    return Operation(forward, backward, SHAPES)


def by_inputs(by_hat, x, axis, mean_too=True):
    """The gradient of the inputs from that of the normalised ones."""
    hat, deviation = standardised(x, axis)
    through_variance = hat * ops.mean(by_hat * hat, axis=axis, keepdims=True)
    through_mean = ops.mean(by_hat, axis=axis, keepdims=True) if mean_too else 0.0
    return (by_hat - through_mean - through_variance) / deviation


BATCH, LAYER = normalisation(0), normalisation(-1)


def root_mean_square(x):
    return ops.sqrt(ops.mean(x**2, axis=-1, keepdims=True) + EPSILON)


def rms(x, gamma):
    return gamma * x / root_mean_square(x)


def rms_backward(up, x, gamma):
    size, by_hat = root_mean_square(x), up * gamma
    hat = x / size
    by_x = (by_hat - hat * ops.mean(by_hat * hat, axis=-1, keepdims=True)) / size
    return by_x, ops.sum(up * hat, axis=0)


RMS = Operation(rms, rms_backward, {"x": (5, 4), "gamma": (4,)})

NORMALISATION_BUGS = [
    wrong(
        "batch norm: statistics held constant",
        BATCH,
        x=lambda s: s.up * s.gamma / standardised(s.x, 0)[1],
    ),
    wrong(
        "batch norm: the mean held constant",
        BATCH,
        x=lambda s: by_inputs(s.up * s.gamma, s.x, 0, mean_too=False),
    ),
    wrong("batch norm: dgamma of X, not of X_norm", BATCH, gamma=lambda s: ops.sum(s.up * s.x, 0)),
    wrong("batch norm: dbeta times gamma", BATCH, beta=lambda s: s.gamma * s.dbeta),
    wrong("layer norm: gamma missing in dX", LAYER, x=lambda s: by_inputs(s.up, s.x, -1)),
    wrong(
        "layer norm: means over the batch",
        LAYER,
        x=lambda s: by_inputs(s.up * s.gamma, s.x, 0),
    ),
    wrong(
        "RMS norm: the scale held constant",
        RMS,
        x=lambda s: s.up * s.gamma / root_mean_square(s.x),
    ),
]
