"""Every callback tells on two devices what it tells on one, and leaves the same weights."""

import pytest

import kerasrecipes as kr
from tests.devices.two_devices.same import assert_near, both, fitted
from tests.devices.two_devices.told import CALLBACKS

pytestmark = pytest.mark.two_devices


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_tells_the_same(name, tmp_path):
    make, told = CALLBACKS[name]
    numbers = iter("12")

    def run():
        folder = tmp_path / next(numbers)
        folder.mkdir()
        model, history, (callback,) = fitted([lambda: make(folder)])
        history = {k: v for k, v in history.items() if not isinstance(v[0], str)}
        return model.get_weights(), history, told(callback)

    one, two = both(run)
    assert_near(one, two)


def test_every_callback_has_a_row():
    assert set(CALLBACKS) == set(kr.callbacks.__all__)
