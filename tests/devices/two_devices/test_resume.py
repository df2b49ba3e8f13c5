"""A fit on two devices that is killed goes on, to the bit."""

import keras
import numpy as np
import pytest

import kerasrecipes as kr
from tests.devices.two_devices.same import fitted

pytestmark = pytest.mark.two_devices


class Broken(KeyboardInterrupt):
    pass


class Break(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.step, self.done = step, 0

    def on_train_batch_end(self, batch, logs=None):
        self.done += 1
        if self.done == self.step:
            raise Broken


def fit(folder, broken_at=None, build=None):
    """The weights, the optimizer's variables, and what the monitor saw."""
    made = [
        lambda: kr.callbacks.Resume(folder, every_steps=2, sink=None),
        lambda: kr.callbacks.GradientMonitor(sink=None),
        *([] if broken_at is None else [lambda: Break(broken_at)]),
    ]
    with kr.devices.use("cpu", data_parallel=True):
        model, history, callbacks = fitted(made, **({"build": build} if build else {}))
    state = [keras.ops.convert_to_numpy(each) for each in model.optimizer.variables]
    norms = list(callbacks[1].reading.gradient_norms.values())
    return [*model.get_weights(), *state, *norms, np.array(history["loss"])]


def test_it_ends_as_the_one_never_broken_off(tmp_path):
    whole = fit(tmp_path / "whole")
    for step in (3, 3):  # of 4 an epoch, 12 in all
        with pytest.raises(Broken):
            fit(tmp_path / "parts", broken_at=step)
    for a, b in zip(whole, fit(tmp_path / "parts"), strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_goes_on_on_one_device(tmp_path):
    whole = fit(tmp_path / "whole")
    with pytest.raises(Broken):
        fit(tmp_path / "parts", broken_at=3)
    model, history, _ = fitted(
        [
            lambda: kr.callbacks.Resume(tmp_path / "parts", sink=None),
            lambda: kr.callbacks.GradientMonitor(sink=None),
        ]
    )
    for a, b in zip(whole, [*model.get_weights()], strict=False):
        np.testing.assert_allclose(b, a, rtol=2e-4, atol=2e-4)
    assert len(history["loss"]) == 3
