import keras_tuner
import numpy as np
import pytest

from kerasrecipes.tuning import one_minus_log, space
from kerasrecipes.tuning.scales import Scales
from kerasrecipes.tuning.space import NAMES


def sampled(register, count=4000):
    hp = keras_tuner.HyperParameters()
    register(hp)
    rng = np.random.default_rng(0)
    values = []
    for row in Scales(hp.space).snap(rng.random((count, len(hp.space)))):
        hp.values = Scales(hp.space).to_values(row)
        values.append(register(hp))
    return values


def test_one_minus_log_is_even_in_the_logarithm_of_one_minus_the_value():
    betas = np.array(sampled(lambda hp: one_minus_log(hp, "beta", 0.9, 0.999), 2000))
    assert betas.min() >= 0.9
    assert betas.max() <= 0.999
    assert np.mean(betas < 0.99) == pytest.approx(0.5, abs=0.04)


def test_one_minus_log_goes_through_a_saved_trial():
    hp = keras_tuner.HyperParameters()
    assert one_minus_log(hp, "beta", 0.9, 0.999, default=0.99) == 0.99
    again = keras_tuner.HyperParameters.from_config(hp.get_config())
    again.values["one_minus_beta"] = 0.004
    assert one_minus_log(again, "beta", 0.9, 0.999) == 0.996
    assert again.get("one_minus_beta") == 0.004


@pytest.mark.parametrize(("low", "high"), [(0.9, 1.0), (0.99, 0.9)])
def test_one_minus_log_refuses_ends_without_a_logarithm(low, high):
    with pytest.raises(ValueError, match=f"Received: low={low}, high={high}"):
        one_minus_log(keras_tuner.HyperParameters(), "beta", low, high)


def test_one_minus_log_refuses_a_default_outside():
    with pytest.raises(ValueError, match=r"default=0\.5"):
        one_minus_log(keras_tuner.HyperParameters(), "beta", 0.9, 0.99, default=0.5)


def test_only_what_is_included_is_registered_the_most_important_first():
    hp = keras_tuner.HyperParameters()
    values = space(hp, ["l2", "learning_rate", "beta_1"])
    assert [each.name for each in hp.space] == ["learning_rate", "one_minus_beta_1", "l2"]
    assert values.units is None
    assert values.beta_1 == 0.99


def test_every_value_is_in_its_range_and_on_its_scale():
    values = sampled(lambda hp: space(hp, NAMES, learning_rate=(1e-3, 1.0), units=(8, 128)), 500)
    rates = np.array([each.learning_rate for each in values])
    assert np.mean(rates < np.sqrt(1e-3)) == pytest.approx(0.5, abs=0.08)
    assert {each.units for each in values} == {8, 16, 32, 64, 128}
    assert {each.batch_size for each in values} == {16, 32, 64, 128, 256}
    assert {each.layers for each in values} == {1, 2, 3, 4}
    assert all(0.5 <= each.keep_prob <= 1 for each in values)
    assert all(0.9 <= each.beta_2 <= 0.9999 for each in values)


@pytest.mark.parametrize("include", ["units", ["lr"], None, 5])
def test_an_unknown_name_is_refused(include):
    with pytest.raises(
        ValueError, match="`include` must be a sequence of names among learning_rate"
    ):
        space(keras_tuner.HyperParameters(), include)


RUBBISH = [
    ("learning_rate", (1e-3, float("inf"))),
    ("learning_rate", ("low", 1.0)),
    ("units", 5),
    ("units", (16,)),
    ("layers", (False, True)),
    ("beta_1", None),
]


@pytest.mark.parametrize(
    ("name", "ends"),
    [("learning_rate", (0.0, 0.1)), ("units", (64, 8)), ("keep_prob", (0.5, 1.5)), *RUBBISH],
)
def test_ends_out_of_range_are_refused(name, ends):
    with pytest.raises(ValueError, match=f"`{name}` must be a pair"):
        space(keras_tuner.HyperParameters(), [name], **{name: ends})
