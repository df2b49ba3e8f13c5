"""The variance of a kernel's first values that suits its activation."""

import keras

RELU_LIKE = ("relu", "relu6", "elu", "gelu", "silu", "swish", "mish", "hard_silu", "hard_swish")


def kernel_initializer_for(activation, seed=None):
    """The initializer that keeps the variance of Z from layer to layer under an activation.

    He's for the ReLU and its relatives, `variance = 2 / ((1 + a^2) n_in)` with `a` the slope for
    negative inputs; Xavier's as the course has it for the others, `variance = 1 / n_in`. (The
    notes give Xavier's as a deviation in one place: `1 / n_in` is the variance.)

    Args:
        activation: Function, layer or None.
        seed: Integer or None. Seed of the values. Defaults to None.

    Returns:
        A `keras.initializers.VarianceScaling` that draws from an untruncated normal.

    Example:
    >>> kernel_initializer_for(keras.activations.relu).scale
    2.0
    >>> kernel_initializer_for(keras.activations.tanh).scale
    1.0
    """
    slope = _negative_slope(activation)
    scale = 1.0 if slope is None else 2.0 / (1.0 + slope**2)
    return keras.initializers.VarianceScaling(scale, "fan_in", "untruncated_normal", seed=seed)


def _negative_slope(activation):
    """The slope below zero of a relative of the ReLU, None for other activations."""
    if isinstance(activation, (keras.layers.ReLU, keras.layers.LeakyReLU)):
        return float(activation.negative_slope)
    if isinstance(activation, (keras.layers.PReLU, keras.layers.ELU)):
        return 0.0
    if isinstance(activation, keras.layers.Activation):
        return _negative_slope(activation.activation)
    name = getattr(activation, "__name__", None)
    if name == "leaky_relu":
        return 0.2  # Keras's own default
    return 0.0 if name in RELU_LIKE else None
