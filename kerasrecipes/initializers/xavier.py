"""Xavier initialisation as the course writes it, for tanh and linear layers."""

import keras

from kerasrecipes.initializers.fan_in_scaling import FanInScaling


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Xavier(FanInScaling):
    """Weights of variance `1 / n_in`, for tanh and linear layers.

    ```
    W = sqrt(1 / n_in) * N(0, 1)
    ```

    `n_in` is the number of inputs that one output sums: the rows of a Dense kernel, receptive
    field x input channels of a convolution. With it `Z = W x` has the variance of `x`. (The
    course's notes slip here in places; the variance is `1 / n_in`, its root the factor.)

    This is the course's form, also known as LeCun's; Keras's `glorot_normal` and
    `glorot_uniform` average over inputs and outputs, variance `2 / (n_in + n_out)`, and its
    normal ones are cut at two standard deviations: here that is `"truncated_normal"`.

    Args:
        distribution: `"normal"` (default, not truncated), `"uniform"` in `+-sqrt(3 / n_in)`, or
            `"truncated_normal"`; all of the same variance.
        seed: Integer, `keras.random.SeedGenerator` or `None`. As with every Keras initializer,
            one object with an integer or no seed draws the same values each time it is called.
        input_axes: Kernel axes that one output sums over, for kernels whose shape does not
            tell: `(0, 1)` for `DepthwiseConv2D`. Defaults to `None`, all but the last.
            Multi-head attention sets it.
        output_axes: The other axes; Keras sets them with `input_axes`. Defaults to `None`.

    Raises:
        ValueError: If `distribution` is unknown.

    Example:
        >>> layer = keras.layers.Dense(64, activation="tanh", kernel_initializer=Xavier(seed=0))
        >>> layer.build((None, 400))
        >>> round(float(keras.ops.std(layer.kernel)), 2)  # sqrt(1 / 400) = 0.05
        0.05

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", 2010; Deep Learning Specialization, course 2, week 1.
    """

    def __init__(self, distribution="normal", seed=None, input_axes=None, output_axes=None):
        super().__init__(1.0, distribution, seed, input_axes, output_axes)
