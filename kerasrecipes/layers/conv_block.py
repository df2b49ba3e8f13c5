"""ConvBlock: convolved, normalised, activated, pooled, dropped out."""

import keras

from kerasrecipes.layers.block import Block

CONVOLUTIONS = {1: keras.layers.Conv1D, 2: keras.layers.Conv2D, 3: keras.layers.Conv3D}
POOLINGS = {
    ("max", 1): keras.layers.MaxPooling1D,
    ("max", 2): keras.layers.MaxPooling2D,
    ("max", 3): keras.layers.MaxPooling3D,
    ("average", 1): keras.layers.AveragePooling1D,
    ("average", 2): keras.layers.AveragePooling2D,
    ("average", 3): keras.layers.AveragePooling3D,
}


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ConvBlock(Block):
    """A convolution as the course builds it: linear, batch norm on Z, activation, pool, dropout.

    ```
    Z = convolution(x, W)                                     (+ b without normalize)
    Z = gamma * (Z - mean) / sqrt(variance + epsilon) + beta  if normalize, for each filter
    output = dropout(pool(activation(Z)))
    ```

    Args:
        filters: Positive integer, the number of filters.
        kernel_size: Integer, the side of the window of a 2-D convolution; or a tuple of one, two
            or three integers for a 1-D, 2-D or 3-D one. Defaults to 3.
        activation: Name, function, layer or None for linear. A layer is copied, so that blocks
            never share weights. Defaults to `"relu"`.
        strides: Integer or tuple, in pixels. Defaults to 1.
        padding: `"same"` or `"valid"`. Defaults to `"same"`.
        normalize: Boolean, whether Z is batch-normalised. Defaults to True.
        keep_prob: Float in (0, 1], of the dropout at the end. Defaults to 1.0, none.
        pool: `"max"`, `"average"` or None. Defaults to None.
        pool_size: Integer > 0, the side and stride of the pooling window. Defaults to 2.
        kernel_initializer: Initializer, or None for He's variance `2 / ((1 + a^2) n_in)` under
            a ReLU-like activation and Xavier's `1 / n_in` under others; `n_in` counts the
            channels times the window. Defaults to None.
        kernel_regularizer: Regularizer of W or None. Defaults to None.
        momentum: Float in [0, 1), of the running mean and variance. Defaults to 0.99.
        epsilon: Float > 0, added to the variance. Defaults to 1e-3.
        data_format: `"channels_last"`, `"channels_first"` or None for Keras's own setting.
        seed: Integer or None, of the default initializer and the dropout. Defaults to None.

    Input shape: `(batch, height, width, channels)` for a 2-D convolution, channels last.
    Output shape: `(batch, new height, new width, filters)`.

    Raises:
        ValueError: If an argument is out of its range or an unknown choice.

    Example:
    >>> ConvBlock(8, 3, "relu", pool="max").compute_output_shape((None, 6, 6, 1))
    (None, 3, 3, 8)

    Source: Deep Learning Specialization, course 2, "Fitting batch norm into a neural network".
    """

    def __init__(
        self,
        filters,
        kernel_size=3,
        activation="relu",
        strides=1,
        padding="same",
        normalize=True,
        keep_prob=1.0,
        pool=None,
        pool_size=2,
        kernel_initializer=None,
        kernel_regularizer=None,
        momentum=0.99,
        epsilon=1e-3,
        data_format=None,
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
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides
        self.padding, self.pool, self.pool_size = padding, pool, pool_size
        rank = _checked_rank(kernel_size)
        _check_choices(padding, pool)
        self.linear = CONVOLUTIONS[rank](
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            **self.linear_arguments(),
        )
        self.data_format = self.linear.data_format
        self.normalization = self.batch_normalization(-1 if self._channels_last() else 1)
        if pool is not None:
            self.pooling = POOLINGS[pool, rank](
                pool_size, data_format=self.data_format, dtype=self.dtype_policy, name="pooling"
            )

    def get_config(self):
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "pool": self.pool,
            "pool_size": self.pool_size,
            "data_format": self.data_format,
        }

    def _channels_last(self):
        return self.data_format == "channels_last"


def _checked_rank(kernel_size):
    rank = len(kernel_size) if isinstance(kernel_size, (tuple, list)) else 2
    if rank not in CONVOLUTIONS:
        raise ValueError(
            "`kernel_size` must be an integer or a tuple of one, two or three: there are "
            f"convolutions over 1 to 3 axes. Received: kernel_size={kernel_size}. Use 3 for "
            "images."
        )
    return rank


def _check_choices(padding, pool):
    if padding not in ("same", "valid"):
        raise ValueError(
            "`padding` must be 'same' (keeps the size) or 'valid' (no padding). "
            f"Received: padding={padding!r}."
        )
    if pool not in ("max", "average", None):
        raise ValueError(
            "`pool` must be 'max', 'average' or None: these windows follow the activation. "
            f"Received: pool={pool!r}. Use pool=None for no pooling."
        )
