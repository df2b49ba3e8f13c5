"""The bugs as layers of small models."""

import keras
import numpy as np
from keras import ops

from .activation_bugs import ACTIVATION_BUGS
from .bug import detour
from .linear_bugs import LINEAR_BUGS
from .normalisation_bugs import NORMALISATION_BUGS
from .sequence_bugs import SEQUENCE_BUGS

ALL_BUGS = [*LINEAR_BUGS, *ACTIVATION_BUGS, *NORMALISATION_BUGS, *SEQUENCE_BUGS]
BUGS = {bug.name: bug for bug in ALL_BUGS}
CAST = detour(  # no wrong gradient but a cost too coarse to be differenced: the check refuses it
    "a cast to float32 in a layer",
    lambda change, x, kernel: change(ops.matmul(x, kernel)),
    {"x": (5, 4), "kernel": (4, 3)},
    "",
    lambda z: ops.cast(ops.cast(z, "float32"), z.dtype),
)


class Planted(keras.layers.Layer):
    """Computes a bug's function, or that of its sound twin.

    Args:
        bug: Name of the bug.
        sound: Whether to use the right gradient instead.
    """

    def __init__(self, bug, sound=False, **kwargs):
        super().__init__(**kwargs)
        self.bug, self.sound = bug, sound

    def build(self, input_shape):
        """Creates the weights, none of them 0."""
        generator, shapes = np.random.default_rng(1), list(planted(self.bug).shapes.items())
        self.kernels = [
            self.add_weight(shape=shape, name=name, initializer=fixed(generator.normal(size=shape)))
            for name, shape in shapes[1:]
        ]

    def call(self, inputs):
        """The function of the inputs and all weights."""
        bug = planted(self.bug)
        function = bug.sound if self.sound else bug.buggy
        return function(inputs, *(ops.convert_to_tensor(kernel) for kernel in self.kernels))

    def get_config(self):
        """The bug by name."""
        return {**super().get_config(), "bug": self.bug, "sound": self.sound}


def planted(name):
    return CAST if name == CAST.name else BUGS[name]


def fixed(values):
    return lambda shape, dtype: ops.cast(values, dtype)


def planted_model(bug, sound=False):
    """A model with the bug in it, or with its sound twin, and a batch: `(model, x, y)`."""
    shape, generator = bug.shapes["x"], np.random.default_rng(3)
    layers = [keras.layers.Dense(shape[-1], "tanh", name="first")] if bug.behind_a_layer else []
    inputs = keras.Input(batch_shape=shape, dtype="int32" if bug.integers else None)
    model = keras.Sequential([inputs, *layers, Planted(bug.name, sound, name="planted")])
    for layer in layers:
        layer.set_weights([generator.normal(size=v.shape) for v in layer.get_weights()])
    model.compile(loss="mse")
    x = generator.integers(0, 3, shape) if bug.integers else generator.normal(size=shape)
    return model, x, generator.normal(size=model.output_shape)


def expected_blame(bug):
    """Names of the variables that the check must blame, and no others."""
    inputs = ["first/kernel", "first/bias"] if "x" in bug.blamed else []
    weights = [name for name in bug.shapes if name != "x" and name in bug.blamed]
    return [*inputs, *(f"planted/{name}" for name in weights)]


def blamed(check):
    """Names of the variables that a check blames."""
    return [
        "/".join(path.split("/")[-2:]) for path, row in check.variables.items() if not row.passed
    ]
