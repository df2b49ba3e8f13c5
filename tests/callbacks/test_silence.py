"""Every callback that says something can be silenced by `sink=None`."""

import keras
import numpy as np
import pytest

from kerasrecipes import callbacks

X, Y = np.linspace(-1, 1, 24).reshape(-1, 1), np.linspace(3, -3, 24)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda **sink: callbacks.EarlyStopping("loss", min_delta=9, **sink), "Early stopping"),
        (lambda **sink: callbacks.CostMonitor("mini-batch", patience=1, **sink), "Mini-batch"),
        (lambda **sink: callbacks.LearningRateFinder(**sink), "LearningRateFinder"),
        (
            lambda **sink: callbacks.LearningRateDecay(lambda e: 0.0001, verbose=1, **sink),
            "Epoch 1",
        ),
        (lambda **sink: callbacks.BiasVarianceReporter(**sink), "bias and variance"),
    ],
    ids=["EarlyStopping", "CostMonitor", "LearningRateFinder", "LearningRateDecay", "Reporter"],
)
def test_it_speaks_by_default_and_is_silent_without_a_sink(make, said, capsys):
    for sink in ({}, {"sink": None}):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, trainable=True)])
        model.compile(keras.optimizers.SGD(0.0), "mse")
        model.fit(X, Y, validation_data=(X, Y), epochs=4, verbose=0, callbacks=[make(**sink)])
        out = capsys.readouterr().out
        assert (said in out) is (not sink)
