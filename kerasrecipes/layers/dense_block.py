"""DenseBlock: fully connected, normalised, activated, dropped out."""

import keras

from kerasrecipes.layers.block import Block


@keras.saving.register_keras_serializable(package="kerasrecipes")
class DenseBlock(Block):
    """A dense layer as the course builds it: linear, batch norm on Z, activation, dropout.

    ```
    Z = x W                                                   (+ b without normalize)
    Z = gamma * (Z - mean) / sqrt(variance + epsilon) + beta  if normalize
    output = dropout(activation(Z))
    ```

    A bias before batch norm would be subtracted with the mean; beta stands in for it. (Where the
    course's notes slip: the output is `gamma Z_norm + beta`.)

    Args:
        units: Positive integer, the number of units.
        activation: Name, function, layer or None for linear. A layer is copied, so that blocks
            never share weights. Defaults to `"relu"`.
        normalize: Boolean, whether Z is batch-normalised. Defaults to True.
        keep_prob: Float in (0, 1], of the dropout after the activation. Defaults to 1.0, none.
        kernel_initializer: Initializer, or None for He's variance `2 / ((1 + a^2) n_in)` under
            a ReLU-like activation and Xavier's `1 / n_in` under others. Defaults to None.
        kernel_regularizer: Regularizer of W or None. Defaults to None.
        momentum: Float in [0, 1), of the running mean and variance. Defaults to 0.99.
        epsilon: Float > 0, added to the variance. Defaults to 1e-3.
        seed: Integer or None, of the default initializer and the dropout. Defaults to None.

    Input shape: `(batch, ..., n_in)`. Output shape: `(batch, ..., units)`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
    >>> import numpy as np
    >>> block = DenseBlock(4, "relu", keep_prob=0.8)
    >>> tuple(block(np.ones((2, 3))).shape), [weight.name for weight in block.weights]
    ((2, 4), ['kernel', 'gamma', 'beta', 'moving_mean', 'moving_variance'])

    Source: Deep Learning Specialization, course 2, "Fitting batch norm into a neural network".
    """

    def __init__(
        self,
        units,
        activation="relu",
        normalize=True,
        keep_prob=1.0,
        kernel_initializer=None,
        kernel_regularizer=None,
        momentum=0.99,
        epsilon=1e-3,
        seed=None,
        **kwargs,
    ):
        super().__init__(
            activation,
            normalize,
            keep_prob,
            kernel_initializer,
            kernel_regularizer,
            momentum,
            epsilon,
            seed,
            **kwargs,
        )
        self.units = units
        self.linear = keras.layers.Dense(units, **self.linear_arguments())
        self.normalization = self.batch_normalization()

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "units": self.units}
