"""image_augmentation: more images out of the ones at hand, in training only."""

import keras
from keras import ops

from kerasrecipes import backend
from kerasrecipes.layers.keras_seed import check_seed

FILL_MODES = ("nearest", "reflect", "wrap", "constant")


def image_augmentation(
    flip=True, rotation=0.05, distortion=0.05, translation=0.05, fill_mode="nearest", seed=None
):
    """Makes a layer that flips, turns, shifts and distorts images at random while training.

    A cheap way to more data against high variance: each epoch sees other versions of the
    images. Put it first in the model. What it does must not change the label: no flip for
    digits or letters.

    Args:
        flip: Boolean, whether half of the images are mirrored left to right. Defaults to True.
        rotation: Float in [0, 1), largest turn to either side, as a fraction of a full turn:
            0.05 is 18 degrees. Defaults to 0.05.
        distortion: Float in [0, 1), largest shear along either axis and largest zoom in or out,
            as a fraction of the size. Defaults to 0.05.
        translation: Float in [0, 1), largest shift along either axis, as a fraction of the
            size. Defaults to 0.05.
        fill_mode: What fills the parts beyond the border: `"nearest"`, `"reflect"`, `"wrap"` or
            `"constant"` (zeros). Defaults to `"nearest"`.
        seed: Integer or None. Seed of all of it. Defaults to None, a random one.

    Returns:
        A layer for images `(batch, height, width, channels)` of any numeric dtype. Zero switches
        a part off; with all off the images stay as they are.

    Raises:
        ValueError: If a fraction is out of its range, `fill_mode` is unknown, or `seed` no integer
            that every backend holds.

    Example:
    >>> import numpy as np
    >>> augment = image_augmentation(rotation=0, distortion=0, translation=0, seed=0)
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1)).astype("float32")
    >>> bool((np.array(augment(images)) == images).all())
    True
    >>> bool((np.array(augment(images, training=True)) == images).all())
    False

    Source: Deep Learning Specialization, course 2, "Other regularization methods".
    """
    return ImageAugmentation(flip, rotation, distortion, translation, fill_mode, seed)


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ImageAugmentation(keras.layers.Layer):
    """Keras's own random image layers one after another, in training only.

    Left to themselves these run as if in training whenever a model is called without
    `training=`, as in `model(x)`; inside this layer they do not.

    Args:
        flip: As in `image_augmentation`, like the others.
        rotation: Fraction of a full turn.
        distortion: Fraction of the size.
        translation: Fraction of the size.
        fill_mode: Name of a way to fill.
        seed: Integer or None.
    """

    def __init__(self, flip, rotation, distortion, translation, fill_mode, seed=None, **kwargs):
        super().__init__(**kwargs)
        _check_fraction("rotation", rotation, "a full turn")
        _check_fraction("distortion", distortion, "the size")
        _check_fraction("translation", translation, "the size")
        if fill_mode not in FILL_MODES:
            raise ValueError(
                f"`fill_mode` must be one of {', '.join(FILL_MODES)}. "
                f"Received: fill_mode={fill_mode!r}. Use 'nearest' to repeat the border."
            )
        check_seed(seed)
        self.flip, self.rotation, self.distortion = flip, rotation, distortion
        self.translation, self.fill_mode, self.seed = translation, fill_mode, seed
        self.random_layers = self._random_layers()

    def build(self, input_shape):
        """Builds the layers; none of them changes the shape."""
        for layer in self.random_layers:
            layer.build(input_shape)

    def call(self, inputs, training=False):
        """Returns the images `(batch, height, width, channels)`, changed only if `training`."""
        images = ops.cast(inputs, self.compute_dtype)
        if training:
            for layer in self.random_layers:
                # Not `layer(images)`: around a call Keras asks TensorFlow, on any backend where
                # it has seen its name, whether this is a tf.data pipeline.
                images = layer.call(images, training=True)
        return images

    def compute_output_shape(self, input_shape):
        """The shape of the input."""
        return input_shape

    def get_config(self):
        """The arguments of the constructor."""
        names = ("flip", "rotation", "distortion", "translation", "fill_mode", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _random_layers(self):
        seeds = [None] * 5 if self.seed is None else [self.seed + part for part in range(5)]
        dtype = {"dtype": self.dtype_policy}
        fill = {**dtype, "fill_mode": self.fill_mode}
        shift, warp = self.translation, self.distortion
        make = keras.layers
        layers = [
            (self.flip, lambda: make.RandomFlip("horizontal", seed=seeds[0], **dtype)),
            (self.rotation, lambda: make.RandomRotation(self.rotation, seed=seeds[1], **fill)),
            (shift, lambda: make.RandomTranslation(shift, shift, seed=seeds[2], **fill)),
            (warp, lambda: make.RandomShear(warp, warp, seed=seeds[3], **fill)),
            (warp, lambda: make.RandomZoom(warp, seed=seeds[4], **fill)),
        ]
        chosen = [layer() for wanted, layer in layers if wanted]
        for layer in chosen:
            layer.supports_jit = backend.compiles_random_images()
        return chosen


def _check_fraction(name, value, unit):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (is_number and 0 <= value < 1):
        raise ValueError(
            f"`{name}` must lie in [0, 1): it is a fraction of {unit}. "
            f"Received: {name}={value!r}. Use 0 to switch it off."
        )
