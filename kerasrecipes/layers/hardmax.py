"""Hardmax: the one-hot of the largest logit."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Hardmax(keras.layers.Layer):
    """Gives 1 to the largest element of the last axis and 0 to the others.

    `y_j = 1 if j == argmax(z) else 0`; of equal largest elements the first wins. The soft form,
    which can be trained, is `softmax`; this one has no gradient and serves to read a prediction.

    Input shape: `(..., classes)`. Output shape and dtype: the same.

    Example:
    >>> import numpy as np
    >>> np.array(Hardmax()(np.array([[5.0, 2.0, -1.0], [3.0, 3.0, 0.0]]))).tolist()
    [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]

    Source: Deep Learning Specialization, course 2, "Training a softmax classifier".
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        """Has no weights to create."""

    def call(self, inputs):
        """Returns the one-hot of the largest element."""
        largest = ops.argmax(inputs, axis=-1, keepdims=True)
        positions = ops.arange(ops.shape(inputs)[-1], dtype=largest.dtype)
        return ops.cast(ops.equal(positions, largest), inputs.dtype)

    def compute_output_spec(self, inputs):
        """The shape and dtype of the input."""
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def compute_output_shape(self, input_shape):
        """The shape of the input."""
        return input_shape
