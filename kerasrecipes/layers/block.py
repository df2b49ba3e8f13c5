"""What a dense and a convolutional block share: linear map, batch norm, activation, dropout."""

import keras

from kerasrecipes import devices
from kerasrecipes.layers.inverted_dropout import InvertedDropout
from kerasrecipes.layers.kernel_scale import kernel_initializer_for


class Block(keras.layers.Layer):
    """A linear map, batch normalisation of Z, an activation, optional pooling, dropout.

    ```
    Z = linear(x)
    Z = gamma * (Z - mean) / sqrt(variance + epsilon) + beta    if normalize
    output = dropout(pool(activation(Z)))
    ```

    Its parts are the attributes `linear`, `normalization` (or None), `activation`, `pooling`
    (or None) and `dropout` (or None). Subclasses give `linear` and, where they pool, `pooling`.
    """

    def __init__(
        self,
        activation,
        normalize,
        keep_prob,
        kernel_initializer,
        kernel_regularizer,
        momentum,
        epsilon,
        seed,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.activation = self._own_activation(activation)
        self.normalize, self.keep_prob = normalize, keep_prob
        self.kernel_initializer = (
            kernel_initializer_for(self.activation, seed)
            if kernel_initializer is None
            else keras.initializers.get(kernel_initializer)
        )
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.momentum, self.epsilon, self.seed = momentum, epsilon, seed
        self.supports_masking = True
        self.pooling = None
        dropout = InvertedDropout(keep_prob, seed, name="dropout", dtype=self.dtype_policy)
        self.dropout = dropout if keep_prob < 1 else None

    def linear_arguments(self):
        """The arguments that every linear map of a block takes; no bias where beta replaces it."""
        return {
            "use_bias": not self.normalize,
            "kernel_initializer": self.kernel_initializer,
            "kernel_regularizer": self.kernel_regularizer,
            "dtype": self.dtype_policy,
            "name": "linear",
        }

    def batch_normalization(self, axis=-1):
        """The batch normalisation of Z, or None without `normalize`."""
        if not self.normalize:
            return None
        return keras.layers.BatchNormalization(
            axis=axis,
            momentum=self.momentum,
            epsilon=self.epsilon,
            synchronized=devices.sees_shares(),  # statistics of the batch, as on one device
            dtype=self.dtype_policy,
            name="normalization",
        )

    def build(self, input_shape):
        """Builds the parts one after another."""
        for part in self._parts():
            if not part.built:
                part.build(input_shape)
            input_shape = part.compute_output_shape(input_shape)

    def call(self, inputs, training=None):
        """Returns the activations `(batch, ..., units)`."""
        outputs = self.linear(inputs)
        if self.normalization is not None:
            outputs = self.normalization(outputs, training=training)
        if self.activation is not None:
            outputs = self.activation(outputs)
        if self.pooling is not None:
            outputs = self.pooling(outputs)
        if self.dropout is not None:
            outputs = self.dropout(outputs, training=training)
        return outputs

    def compute_output_shape(self, input_shape):
        """The shape after the last part."""
        for part in self._parts():
            input_shape = part.compute_output_shape(input_shape)
        return tuple(input_shape)

    def get_config(self):
        """The arguments that every block takes."""
        return {
            **super().get_config(),
            "activation": _serialized_activation(self.activation),
            "normalize": self.normalize,
            "keep_prob": self.keep_prob,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "seed": self.seed,
        }

    def _parts(self):
        parts = (self.linear, self.normalization, self.activation, self.pooling, self.dropout)
        return [part for part in parts if isinstance(part, keras.layers.Layer)]

    def _own_activation(self, activation):
        """A function, or a layer of this block's own in its dtype, since some have weights."""
        if isinstance(activation, dict):
            activation = keras.saving.deserialize_keras_object(activation)
        if not isinstance(activation, keras.layers.Layer):
            return None if activation is None else keras.activations.get(activation)
        config = {**activation.get_config(), "dtype": self.dtype_policy}
        return type(activation).from_config(config)


def _serialized_activation(activation):
    if isinstance(activation, keras.layers.Layer):
        return keras.saving.serialize_keras_object(activation)
    return None if activation is None else keras.activations.serialize(activation)
