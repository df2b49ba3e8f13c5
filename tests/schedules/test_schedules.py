"""The laws that every schedule keeps, and the formula of each."""

import inspect
import json
import math

import keras
import numpy as np
import pytest

import kerasrecipes.schedules as schedules
from kerasrecipes.schedules import (
    ExponentialDecay,
    InverseSqrtDecay,
    InverseTimeDecay,
    ManualDecay,
    PerStep,
    Schedule,
    StepDecay,
    WarmUp,
)

# Schedule, slow reference for one epoch, first epoch from which the rate may not rise.
TABLE = {
    "inverse_time": (InverseTimeDecay(0.2, 1.5), lambda e: 0.2 / (1 + 1.5 * e), 0),
    "exponential": (ExponentialDecay(0.2), lambda e: 0.95**e * 0.2, 0),
    "exponential_base": (ExponentialDecay(0.3, base=0.5), lambda e: 0.3 * 0.5**e, 0),
    "inverse_sqrt": (InverseSqrtDecay(0.2, k=3.0), lambda e: 3.0 * 0.2 / math.sqrt(max(e, 1)), 0),
    "step": (StepDecay(0.2, 0.1, every=3), lambda e: 0.2 * 0.1 ** (e // 3), 0),
    "manual": (
        ManualDecay({10: 0.01, 0: 0.2, 4: 0.05}),
        lambda e: 0.2 if e < 4 else 0.05 if e < 10 else 0.01,
        0,
    ),
    "warm_up": (
        WarmUp(ExponentialDecay(0.2), 5),
        lambda e: 0.2 * (e + 1) / 5 if e < 5 else 0.2 * 0.95 ** (e - 5),
        4,
    ),
    "warm_up_twice": (
        WarmUp(WarmUp(InverseTimeDecay(0.2, 1.0), 2), 3),
        lambda e: 0.1 * (e + 1) / 3 if e < 3 else [0.1, 0.2][e - 3] if e < 5 else 0.2 / (e - 4),
        4,
    ),
}
EPOCHS = list(range(15))

every_schedule = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())


def test_the_table_has_every_public_schedule():
    public = {getattr(schedules, name) for name in schedules.__all__} - {Schedule, PerStep}
    assert {type(row[0]) for row in TABLE.values()} == public


@every_schedule
def test_the_formula_holds_at_every_epoch(row):
    schedule, reference, _ = row
    assert [schedule(epoch) for epoch in EPOCHS] == pytest.approx(list(map(reference, EPOCHS)))


@every_schedule
def test_an_array_of_epochs_gives_an_array_of_rates(row):
    rates = row[0](np.array(EPOCHS))
    assert rates.dtype == "float64"
    assert rates == pytest.approx([row[0](epoch) for epoch in EPOCHS], rel=1e-14)
    assert type(row[0](3)) is float
    assert row[0](np.zeros((2, 3))).shape == (2, 3)


@every_schedule
def test_rates_are_positive_and_fall_after_the_warm_up(row):
    schedule, _, fall_from = row
    rates = schedule(np.arange(0, 40, 0.25))
    assert np.all(rates > 0)
    assert np.all(np.diff(schedule(np.arange(fall_from, 40, 0.25))) <= 0)
    warming = schedule(np.arange(0, fall_from + 1))
    assert np.all(np.diff(warming) >= 0)
    assert (warming[-1] > 1.5 * warming[0]) == (fall_from > 0)


@every_schedule
def test_config_round_trip_through_json(row):
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(row[0])))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(row[0])
    assert again(np.array(EPOCHS)).tolist() == row[0](np.array(EPOCHS)).tolist()


@every_schedule
@pytest.mark.parametrize("staircase", [True, False])
def test_per_step_agrees_at_the_start_of_each_epoch(row, staircase):
    per_step = row[0].per_step(7, staircase=staircase)
    rates = [float(per_step(7 * epoch)) for epoch in EPOCHS]
    assert rates == pytest.approx([row[0](epoch) for epoch in EPOCHS], rel=1e-6)


@every_schedule
def test_per_step_within_an_epoch(row):
    stairs, smooth = row[0].per_step(8), row[0].per_step(8, staircase=False)
    assert float(stairs(5 * 8 + 7)) == pytest.approx(row[0](5), rel=1e-6)
    assert float(smooth(5 * 8 + 7)) == pytest.approx(row[0](5 + 7 / 8), rel=1e-6)


@every_schedule
def test_per_step_survives_the_optimizer_s_config(row):
    optimizer = keras.optimizers.SGD(row[0].per_step(7, staircase=False))
    config = json.loads(json.dumps(keras.optimizers.serialize(optimizer)))
    again = keras.optimizers.deserialize(config)
    assert float(again.learning_rate) == pytest.approx(row[0](0), rel=1e-6)
    assert again.get_config()["learning_rate"]["config"]["steps_per_epoch"] == 7
    assert again.get_config()["learning_rate"]["config"]["staircase"] is False


@pytest.mark.parametrize("name", ["exponential", "manual", "warm_up"])
def test_per_step_drives_a_compiled_fit(name):
    schedule, _, _ = TABLE[name]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1))])
    model.compile(keras.optimizers.SGD(schedule.per_step(2)), loss=lambda y, p: keras.ops.mean(p))
    model.fit(np.ones((2, 1)), np.ones((2, 1)), batch_size=1, epochs=6, verbose=0)
    expected = -2 * sum(schedule(epoch) for epoch in range(6))
    assert model.get_weights()[0].item() == pytest.approx(expected, rel=1e-5)


def test_whole_epochs_are_counted_exactly_far_into_training():
    per_step = StepDecay(1.0, factor=0.5, every=1_000).per_step(49_999)
    step = 49_999 * 1_000
    assert (float(per_step(step - 1)), float(per_step(step))) == (1.0, 0.5)


def test_documented_defaults_are_the_signature_s():
    assert inspect.signature(ExponentialDecay).parameters["base"].default == 0.95
    assert inspect.signature(InverseSqrtDecay).parameters["k"].default == 1.0
    assert inspect.signature(PerStep).parameters["staircase"].default is True


@pytest.mark.parametrize("epoch", [-1, float("nan")])
def test_epochs_below_zero_are_refused(epoch):
    with pytest.raises(ValueError, match=f"`epoch` must be >= 0.*epoch={epoch}"):
        ExponentialDecay(0.1)(epoch)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: InverseTimeDecay(0.0, 1.0), "`initial` .*initial=0.0"),
        (lambda: InverseTimeDecay(0.1, -1.0), "`decay_rate` .*decay_rate=-1.0"),
        (lambda: ExponentialDecay(math.inf), "`initial` .*initial=inf"),
        (lambda: ExponentialDecay(0.1, base=0.0), "`base` .*base=0.0"),
        (lambda: ExponentialDecay(0.1, base=1.5), "`base` .*base=1.5"),
        (lambda: InverseSqrtDecay(-0.1), "`initial` .*initial=-0.1"),
        (lambda: InverseSqrtDecay(0.1, k=0.0), "`k` .*k=0.0"),
        (lambda: StepDecay(0.1, 2.0, 3), "`factor` .*factor=2.0"),
        (lambda: StepDecay(0.1, 0.5, 0), "`every` .*every=0"),
        (lambda: StepDecay(0.1, 0.5, 1.5), "`every` .*every=1.5"),
        (lambda: ManualDecay({}), r"`rates` .*rates=\{\}"),
        (lambda: ManualDecay({3: 0.1}), r"epoch 0.*rates=\{3: 0.1\}"),
        (lambda: ManualDecay({0: 0.1, -2: 0.1}), "epoch=-2"),
        (lambda: ManualDecay({0: 0.1, 5: -0.1}), r"`rates\[5\]` .*rates\[5\]=-0.1"),
        (lambda: WarmUp(ExponentialDecay(0.1), 0), "`epochs` .*epochs=0"),
        (lambda: ExponentialDecay(0.1).per_step(0), "`steps_per_epoch` .*steps_per_epoch=0"),
        (lambda: ExponentialDecay(0.1).per_step(2.5), "steps_per_epoch=2.5"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_warm_up_wants_a_schedule():
    with pytest.raises(TypeError, match=r"`schedule` must be a Schedule.*schedule=0.1"):
        WarmUp(0.1, 3)
