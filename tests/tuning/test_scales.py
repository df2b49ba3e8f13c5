import keras_tuner
import numpy as np
import pytest

from kerasrecipes.tuning.scales import Scales

RNG = np.random.default_rng(0)


def every_kind():
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 1e-5, 1.0, sampling="log")
    hp.Float("reverse", 0.1, 0.9, sampling="reverse_log")
    hp.Float("stepped", 0.0, 1.0, step=0.25)
    hp.Int("layers", 1, 5)
    hp.Int("units", 8, 512, step=2, sampling="log")
    hp.Int("any_units", 3, 300, sampling="log")
    hp.Choice("kind", ["relu", "tanh", "elu"])
    hp.Choice("size", [16, 64, 48])
    hp.Boolean("flag")
    hp.Fixed("fixed", "always")
    return hp


def branched():
    hp = keras_tuner.HyperParameters()
    hp.Choice("optimizer", ["sgd", "adam"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        hp.Boolean("nesterov")
        with hp.conditional_scope("nesterov", [True]):
            hp.Float("momentum", 0.5, 0.99)
    with hp.conditional_scope("optimizer", ["adam"]):
        hp.Float("epsilon", 1e-8, 1.0, sampling="log")
    return hp


@pytest.mark.parametrize("build", [every_kind, branched])
def test_a_setting_comes_back_from_its_coordinates(build):
    scales = Scales(build().space)
    for row in scales.switch_off(scales.snap(RNG.random((50, len(scales))))):
        values = scales.to_values(row)
        np.testing.assert_allclose(scales.to_unit(values), row, atol=1e-12)
        assert scales.to_values(scales.to_unit(values)) == pytest.approx(values)


def test_powers_of_two_and_logarithms_are_even():
    scales = Scales(every_kind().space)
    units = scales.names.index("units")
    row = scales.to_unit({"rate": 1e-2, "units": 8})
    assert row[scales.names.index("rate")] == pytest.approx(0.6)
    assert row[units] == pytest.approx(0.5 / 7)
    assert scales.to_unit({"units": 512})[units] == pytest.approx(6.5 / 7)


def test_counts_tell_continuous_from_listed():
    scales = Scales(every_kind().space)
    counts = dict(zip(scales.names, scales.counts, strict=True))
    assert counts == {
        "rate": np.inf, "reverse": np.inf, "stepped": 5, "layers": 5, "units": 7,
        "any_units": 298, "kind": 3, "size": 3, "flag": 2,
    }  # fmt: skip


def test_only_what_is_active_has_a_coordinate():
    scales = Scales(branched().space)
    row = scales.to_unit({"optimizer": "sgd", "nesterov": False})
    np.testing.assert_array_equal(np.isnan(row), [False, False, True, True])
    rows = scales.switch_off(scales.snap(np.array([[0.9, 0.9, 0.9, 0.9], [0.1, 0.1, 0.9, 0.9]])))
    np.testing.assert_array_equal(
        np.isnan(rows), [[False, True, True, False], [False, False, True, True]]
    )
    assert scales.to_values(rows[0]).keys() == {"optimizer", "epsilon"}


def test_values_of_a_choice_are_equally_far_apart():
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["a", "b", "c"])
    hp.Choice("size", [1, 2, 4])
    scales = Scales(hp.space)
    rows = np.array([[1 / 6, 0.5], [0.5, 0.5], [5 / 6, 0.5], [1 / 6, 5 / 6]])
    features, owners = scales.features(rows)
    distances = ((features[:, None] - features) ** 2).sum(-1)
    np.testing.assert_allclose(distances[0], [0, 1, 1, 1 / 9])
    assert owners.tolist() == [0, 0, 0, 1]


def test_every_point_of_a_small_space_is_listed_once():
    hp = keras_tuner.HyperParameters()
    hp.Choice("optimizer", ["sgd", "adam"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        hp.Int("k", 1, 3)
    scales = Scales(hp.space)
    settings = [tuple(scales.to_values(row).items()) for row in scales.every_point(6)]
    assert len(settings) == len(set(settings)) == 4
    assert scales.every_point(5) is None
    assert Scales(every_kind().space).every_point(10**9) is None


def test_the_last_setting_left_is_found_and_then_none():
    hp = keras_tuner.HyperParameters()
    hp.Int("a", 1, 30), hp.Int("b", 1, 30)
    scales = Scales(hp.space)
    every = scales.every_point(900)
    left = scales.first_untried(every[:1], np.delete(every, 777, axis=0), RNG, 900)
    np.testing.assert_array_equal(left, every[777])
    assert scales.first_untried(every[:1], every, RNG, 900) is None


def test_a_choice_that_the_space_no_longer_has_is_unknown():
    scales = Scales(every_kind().space)
    assert np.isnan(scales.to_unit({"kind": "gone"})).all()
