"""He initialisation, for ReLU and leaky ReLU."""

import math

import keras

from kerasrecipes.initializers.fan_in_scaling import FanInScaling


@keras.saving.register_keras_serializable(package="kerasrecipes")
class He(FanInScaling):
    """Weights of variance `2 / ((1 + a^2) n_in)`, for ReLU (a = 0) and leaky ReLU of slope `a`.

    ```
    W = sqrt(2 / ((1 + a^2) n_in)) * N(0, 1)
    ```

    `n_in` is the number of inputs that one output sums: the rows of a Dense kernel, receptive
    field x input channels of a convolution. A ReLU zeroes half of the signal's power; the 2
    makes up for it, so that the scale of activations neither grows nor shrinks with depth.

    `"normal"` is the plain normal distribution of the paper. Keras's `he_normal` draws from one
    cut at two standard deviations and widened to the same variance: here that is
    `"truncated_normal"`. The scale of the signal is the same; the plain one has the formula's
    tails, the cut one no weight above 2.3 deviations.

    Args:
        negative_slope: Float >= 0, the slope `a` of a leaky ReLU. Defaults to `0.0`, ReLU.
        distribution: `"normal"` (default), `"uniform"` in `+-sqrt(3 variance)`, or
            `"truncated_normal"`; all of the same variance.
        seed: Integer, `keras.random.SeedGenerator` or `None`. As with every Keras initializer,
            one object with an integer or no seed draws the same values each time it is called.
        input_axes: Kernel axes that one output sums over, for kernels whose shape does not
            tell: `(0, 1)` for `DepthwiseConv2D`, `(0, 1, 3)` for `Conv2DTranspose` with
            strides 1. Defaults to `None`, all but the last. Multi-head attention sets it.
        output_axes: The other axes; Keras sets them with `input_axes`. Defaults to `None`.

    Raises:
        ValueError: If `negative_slope` is negative or not finite, or `distribution` is unknown.

    Example:
        >>> layer = keras.layers.Dense(64, activation="relu", kernel_initializer=He(seed=0))
        >>> layer.build((None, 800))
        >>> round(float(keras.ops.std(layer.kernel)), 2)  # sqrt(2 / 800) = 0.05
        0.05

    Source: He et al., "Delving Deep into Rectifiers", 2015; Deep Learning Specialization,
    course 2, week 1.
    """

    def __init__(
        self,
        negative_slope=0.0,
        distribution="normal",
        seed=None,
        input_axes=None,
        output_axes=None,
    ):
        if not (math.isfinite(negative_slope) and negative_slope >= 0):
            raise ValueError(
                "`negative_slope` must be a finite number >= 0: the slope of a leaky ReLU below "
                f"zero. Received: negative_slope={negative_slope}. Use 0.0 for ReLU."
            )
        super().__init__(
            2.0 / (1.0 + negative_slope * negative_slope),
            distribution,
            seed,
            input_axes,
            output_axes,
        )
        self.negative_slope = negative_slope

    def get_config(self):
        """The arguments."""
        return {"negative_slope": self.negative_slope, **super().get_config()}
