"""Random weights of variance `scale / n_in`: what `He` and `Xavier` have in common."""

import math

import keras

# The standard deviation of a standard normal cut at two deviations.
_TRUNCATED_STD = 0.87962566103423978
DISTRIBUTIONS = ("normal", "uniform", "truncated_normal")


class FanInScaling(keras.initializers.VarianceScaling):
    """Draws weights of mean 0 and variance `scale / n_in`.

    `n_in` is the number of inputs that one output sums: the rows of a Dense kernel, receptive
    field x input channels of a convolution. A `VarianceScaling` underneath, so that seeds and
    multi-head attention (which names its input axes) behave as with Keras's own.

    Args:
        scale: Float > 0, the numerator.
        distribution: `"normal"`, `"uniform"` or `"truncated_normal"`.
        seed: Integer, `keras.random.SeedGenerator` or `None`.
        input_axes: Kernel axes that one output sums over; `None` for all but the last.
        output_axes: Kernel axes of the outputs; kept for Keras, of no effect on the draw.
    """

    def __init__(self, scale, distribution, seed, input_axes, output_axes):
        if distribution not in DISTRIBUTIONS:
            raise ValueError(
                f"`distribution` must be one of {', '.join(map(repr, DISTRIBUTIONS))}. "
                f"Received: distribution={distribution!r}. The default is 'normal'."
            )
        super().__init__(scale=scale, mode="fan_in", seed=seed)
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes

    def __call__(self, shape, dtype=None):
        """Returns a tensor of `shape` and `dtype` (a floating-point one) with fresh weights."""
        std = math.sqrt(self.scale / self._n_in(tuple(shape)))
        options = {"dtype": dtype, "seed": self.seed}
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * std
            return keras.random.uniform(shape, minval=-limit, maxval=limit, **options)
        if self.distribution == "truncated_normal":
            return keras.random.truncated_normal(shape, stddev=std / _TRUNCATED_STD, **options)
        return keras.random.normal(shape, stddev=std, **options)

    def get_config(self):
        """The arguments; the seed as it was given."""
        return {
            "distribution": self.distribution,
            "seed": super().get_config()["seed"],
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }

    def _n_in(self, shape):
        if self.input_axes is not None:
            return max(1, math.prod(shape[axis] for axis in self.input_axes))
        return max(1, math.prod(shape[:-1] if len(shape) > 1 else shape))
