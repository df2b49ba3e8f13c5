"""What is done on one device and on two, and how near its numbers must be."""

from collections.abc import Mapping

import keras
import numpy as np
from keras import layers

import kerasrecipes as kr

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(64, 5)).astype("float32")
Y = (X[:, :1] + 0.3 * RANDOM.normal(size=(64, 1)) > 0).astype("float32")
DEV = (X[:24] + 0.1, Y[:24])
TOLERANCE = 2e-4  # absolute, on numbers near 1: float32 sums in another order, over a few steps


def network(optimizer=None):
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(8, "tanh", name="hidden"),
            layers.Dense(1, "sigmoid", name="output", dtype="float32"),
        ]
    )
    optimizer = keras.optimizers.Adam(0.01) if optimizer is None else optimizer()
    model.compile(
        optimizer, "binary_crossentropy", metrics=["accuracy"], **kr.devices.compile_options()
    )
    return model


def fitted(callbacks=(), build=network, epochs=3, seed=1, **arguments):
    """A model trained under a seed, its history, and the callbacks."""
    keras.utils.set_random_seed(seed)
    model = build()
    callbacks = [make() for make in callbacks]
    given = {"x": X, "y": Y, "batch_size": 16, "validation_data": DEV, **arguments}
    history = model.fit(**given, epochs=epochs, verbose=0, callbacks=callbacks).history
    return model, history, callbacks


def both(function):
    """What a function returns on one device, and on two."""
    one = function()
    with kr.devices.use("cpu", data_parallel=True) as devices:
        assert len(devices.names) == 2
        two = function()
    return one, two


def assert_near(one, two, tolerance=TOLERANCE, where=""):
    """Compares nested plain values, arrays and objects with fields."""
    one, two = plain(one), plain(two)
    if isinstance(one, Mapping):
        assert list(one) == list(two), where
        for key in one:
            assert_near(one[key], two[key], tolerance, f"{where}/{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(two), (where, one, two)
        for number, (a, b) in enumerate(zip(one, two, strict=True)):
            assert_near(a, b, tolerance, f"{where}/{number}")
    elif isinstance(one, float | np.ndarray):
        np.testing.assert_allclose(two, one, rtol=tolerance, atol=tolerance, err_msg=where)
    else:
        assert one == two, where


def plain(value):
    if hasattr(value, "_asdict"):
        return value._asdict()
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, np.generic):
        return value.item()
    return value
