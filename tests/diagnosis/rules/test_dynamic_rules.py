"""Each rule on hand-made runs that fire it, and on their neighbours that do not."""

import dataclasses

import numpy as np
import pytest

from kerasrecipes.diagnosis.judge import judge
from kerasrecipes.diagnosis.rules import (
    RULES,
    cost,
    generalisation,
    gradients,
    not_finite,
    predictions,
    scale,
    units,
)
from kerasrecipes.diagnosis.trace import LayerFacts, Run, Skill, Trace, Units
from tests.diagnosis import traces
from tests.diagnosis.traces import NORMS, PRICES, RAW, WELL, looks, told, trace

NAN = float("nan")
RISING = (2.0, 9.0, 20.0, 60.0, 60.0)
FALLING = tuple(1.05 - 0.01 * np.arange(20))
JUMPS = (0.9, 0.7, 1.1) * 6
SMALL, USUAL, LARGE = ({"one/kernel": value} for value in (2e-5, 1e-3, 0.3))
VANISHING = {"one/kernel": 1e-6, "two/kernel": 1e-3, "out/kernel": 0.5}
EXPLODING = {"one/kernel": 1e4, "two/kernel": 10.0, "out/kernel": 0.1}
DEAD = {"one": Units(0.2, 0.0), "two": Units(0.9, 0.0)}
SATURATED = {"one": Units(0.0, 0.8), "out": Units(0.0, 0.9)}
SIGMOIDS = traces.layers(activation="sigmoid")
DROPPED = traces.layers(dropout=0.6)
ALIKE = traces.layers(kernel_std=0.0)
OFF = traces.layers(kernel_std=3.0)
APART = Skill(0.9, 0.1)

error, warning, note = "error", "warning", "note"
WARNED = lambda cause: [(cause, warning)]  # noqa: E731
FIRES = [
    # not finite
    (not_finite.not_finite, trace(not_finite=(40, "one/kernel")), [("learning_rate", error)]),
    (not_finite.not_finite, trace(not_finite=(1, "one")), [("initialization", error)]),
    (not_finite.not_finite, trace(costs=(1.0, NAN)), [("learning_rate", error)]),
    (not_finite.not_finite, trace(costs=(NAN,), inputs=RAW), [("preprocessing", error)]),
    (not_finite.not_finite, trace(costs=(NAN,), inputs=traces.inputs(not_finite=3)),
     [("data", error)]),
    (not_finite.not_finite,
     trace(costs=(NAN,), targets=dataclasses.replace(PRICES, not_finite=1)), [("data", error)]),
    (not_finite.not_finite, trace(costs=(NAN,), program=traces.program(output_activation="relu")),
     [("activation", error)]),
    (not_finite.not_finite, trace(), []),
    # diverged
    (cost.diverged, trace(costs=RISING), [("learning_rate", error)]),
    (cost.diverged, trace(costs=RISING, inputs=RAW), [("preprocessing", error)]),
    (cost.diverged, trace(costs=RISING, targets=PRICES), [("preprocessing", error)]),
    (cost.diverged, trace(costs=RISING, epochs=5, skill=None), [("learning_rate", error)]),
    (cost.diverged, trace(costs=(60.0,), epochs=1, skill=None), []),
    (cost.diverged, trace(costs=RISING[::-1][:4], epochs=4, skill=None), []),
    (cost.diverged, trace(costs=(3.8, 3.8)), []),
    (cost.diverged, trace(costs=RISING, initial_cost=30.0), []),
    (cost.diverged, trace(costs=RISING, skill=traces.LEARNED), []),
    (cost.diverged, trace(costs=(NAN, NAN)), []),
    # stuck at the priors
    (cost.at_the_priors, trace(), WARNED("learning_rate")),
    (cost.at_the_priors, trace(inputs=RAW), WARNED("preprocessing")),
    (cost.at_the_priors, trace(inputs=dataclasses.replace(RAW, is_index=True)),
     WARNED("learning_rate")),
    (cost.at_the_priors, trace(targets=PRICES), WARNED("preprocessing")),
    (cost.at_the_priors, trace(update_ratios=looks(SMALL)), WARNED("learning_rate")),
    (cost.at_the_priors, trace(units=DEAD), WARNED("activation")),
    (cost.at_the_priors, trace(units=DEAD, update_ratios=looks(LARGE)), WARNED("learning_rate")),
    (cost.at_the_priors, trace(steps=100), [("epochs", warning), ("learning_rate", warning)]),
    (cost.at_the_priors, trace(steps=100, update_ratios=looks({"one/kernel": 2e-4})),
     [("learning_rate", warning), ("epochs", warning)]),
    (cost.at_the_priors, trace(epochs=12, skill=None), WARNED("learning_rate")),
    (cost.at_the_priors, trace(epochs=5, skill=None), []),
    (cost.at_the_priors, trace(costs=(1.04,)), []),
    (cost.at_the_priors, trace(skill=Skill(0.5)), [("learning_rate", note)]),
    (cost.at_the_priors, trace(skill=traces.LEARNED, epochs=20, costs=(1.1,), steps=150), []),
    (cost.at_the_priors, trace(costs=RISING), []),
    (cost.at_the_priors, trace(WELL), []),
    # not falling, of unknown priors
    (cost.not_falling, trace(prior_cost=None, initial_cost=1.1), WARNED("learning_rate")),
    (cost.not_falling, trace(prior_cost=None, initial_cost=1.3), []),
    (cost.not_falling, trace(), []),
    (cost.not_falling, trace(prior_cost=None, costs=(NAN,)), []),
    # too slow
    (cost.too_slow, trace(costs=FALLING), [("epochs", warning), ("learning_rate", warning)]),
    (cost.too_slow, trace(costs=FALLING, update_ratios=looks({"one/kernel": 2e-4})),
     [("learning_rate", warning), ("epochs", warning)]),
    (cost.too_slow, trace(costs=FALLING, skill=Skill(0.5)),
     [("epochs", note), ("learning_rate", note)]),
    (cost.too_slow, trace(costs=FALLING, skill=traces.LEARNED), []),
    (cost.too_slow, trace(costs=FALLING, epochs=10), []),
    (cost.too_slow, trace(costs=tuple(traces.noise(20, 0.9))), []),
    # oscillating
    (cost.oscillating, trace(costs=JUMPS), WARNED("learning_rate")),
    (cost.oscillating, trace(costs=JUMPS, inputs=RAW), WARNED("preprocessing")),
    (cost.oscillating, trace(costs=JUMPS, program=traces.program(batch_size=4)),
     [("learning_rate", warning), ("batch_size", warning)]),
    (cost.oscillating, trace(costs=JUMPS, skill=Skill(0.5)), [("learning_rate", note)]),
    (cost.oscillating, trace(costs=JUMPS, skill=traces.LEARNED), []),
    (cost.oscillating, trace(costs=JUMPS[:5]), []),
    (cost.oscillating, trace(costs=tuple(traces.noise(20, 0.9, 0.03))), []),
    # one batch
    (cost.one_batch, trace(one_batch_cost=1.0), WARNED("learning_rate")),
    (cost.one_batch, trace(one_batch_cost=1.0, units=DEAD), WARNED("activation")),
    (cost.one_batch, trace(one_batch_cost=0.5), []),
    (cost.one_batch, trace(one_batch_cost=1.0, skill=Skill(0.5)), []),
    (cost.one_batch, trace(), []),
    # scale
    (scale.target_scale, trace(targets=PRICES), WARNED("preprocessing")),
    (scale.target_scale, trace(targets=dataclasses.replace(PRICES, mean=0.0, deviation=0.005)),
     WARNED("preprocessing")),
    (scale.target_scale, trace(targets=dataclasses.replace(PRICES, mean=3.0, deviation=5.0)), []),
    (scale.target_scale, trace(WELL, targets=PRICES), []),
    (scale.target_scale, trace(targets=traces.TARGETS), []),
    (scale.cost_at_the_start, trace(initial_cost=12.0), WARNED("initialization")),
    (scale.cost_at_the_start, trace(initial_cost=12.0, inputs=RAW), WARNED("preprocessing")),
    (scale.cost_at_the_start, trace(initial_cost=12.0, targets=PRICES), []),
    (scale.cost_at_the_start, trace(initial_cost=10.0), []),
    (scale.cost_at_the_start, trace(WELL, initial_cost=12.0), []),
    # units
    (units.dead_units, trace(units=DEAD), WARNED("activation")),
    (units.dead_units, trace(units=DEAD, inputs=RAW), WARNED("preprocessing")),
    (units.dead_units, trace(units={"one": Units(0.9, 0)}, program=OFF), WARNED("initialization")),
    (units.dead_units, trace(units={"one": Units(0.9, 0)}, program=traces.layers(bias_mean=-5.0)),
     WARNED("initialization")),
    (units.dead_units, trace(units=DEAD, update_ratios=looks(LARGE)), WARNED("learning_rate")),
    (units.dead_units, trace(units={"out": Units(1.0, 0)}, inputs=RAW), WARNED("activation")),
    (units.dead_units, trace(units=DEAD, skill=Skill(0.5)), [("activation", note)]),
    (units.dead_units, trace(WELL, units=DEAD), []),
    (units.dead_units, trace(units={"one": Units(0.5, 0)}), []),
    (units.saturated_units, trace(units=SATURATED), WARNED("activation")),
    (units.saturated_units, trace(units={"out": Units(0, 0.9)}), []),
    (units.saturated_units, trace(units={"one": Units(0, 0.5)}), []),
    # gradients
    (gradients.gradients_by_depth, trace(gradient_norms=looks(VANISHING)),
     WARNED("initialization")),
    (gradients.gradients_by_depth, trace(gradient_norms=looks(VANISHING), program=SIGMOIDS),
     WARNED("activation")),
    (gradients.gradients_by_depth, trace(gradient_norms=looks(EXPLODING)),
     WARNED("initialization")),
    (gradients.gradients_by_depth, trace(WELL, gradient_norms=looks(EXPLODING)), []),
    (gradients.gradients_by_depth, trace(gradient_norms=looks(NORMS)), []),
    (gradients.gradients_by_depth,
     trace(gradient_norms=looks({"one/kernel": 1e-6, "out/kernel": 1.0})), []),
    (gradients.gradients_by_depth, trace(gradient_norms=looks(VANISHING), epochs=4), []),
    (gradients.no_gradient, trace(gradient_norms=looks(NORMS | {"two/kernel": 0.0})),
     WARNED("activation")),
    (gradients.no_gradient,
     trace(gradient_norms=looks(NORMS | {"two/kernel": 0.0}), program=ALIKE),
     WARNED("initialization")),
    (gradients.no_gradient, trace(gradient_norms=looks(NORMS | {"one/bias": 0.0})), []),
    (gradients.update_size, trace(update_ratios=looks(SMALL)), WARNED("learning_rate")),
    (gradients.update_size, trace(update_ratios=looks(LARGE)), WARNED("learning_rate")),
    (gradients.update_size, trace(update_ratios=looks(LARGE), inputs=RAW),
     WARNED("preprocessing")),
    (gradients.update_size, trace(update_ratios=looks(USUAL)), []),
    (gradients.update_size, trace(update_ratios=looks(SMALL | {"two/kernel": 1e-3})), []),
    (gradients.update_size, trace(update_ratios=looks(SMALL), gradient_norms=looks(VANISHING)), []),
    (gradients.update_size, trace(WELL, update_ratios=looks(SMALL)), []),
    # predictions
    (predictions.constant_predictions, trace(costs=(0.9,), skill=Skill(0.0, None, 0.001)),
     WARNED("learning_rate")),
    (predictions.constant_predictions, trace(costs=(0.9,), skill=Skill(0.0, None, 0.02)), []),
    (predictions.constant_predictions, trace(skill=Skill(0.0, None, 0.001)), []),
    (predictions.constant_predictions, trace(costs=(0.9,), skill=Skill(0.5, None, 0.001)), []),
    # generalisation
    (generalisation.high_bias, trace(costs=(0.9,)), WARNED("layers")),
    (generalisation.high_bias, trace(costs=(0.9,), program=DROPPED), WARNED("regularization")),
    (generalisation.high_bias, trace(costs=(0.9,), skill=Skill(0.5)), [("layers", note)]),
    (generalisation.high_bias, trace(), []),
    (generalisation.high_bias, trace(costs=FALLING), []),
    (generalisation.high_bias, trace(WELL), []),
    (generalisation.high_variance, trace(WELL, skill=APART), WARNED("regularization")),
    (generalisation.high_variance,
     trace(WELL, skill=APART, program=traces.program(parameters=9_000)),
     [("regularization", warning), ("data", warning)]),
    (generalisation.high_variance, trace(WELL, skill=Skill(0.99, 0.7)),
     [("regularization", note)]),
    (generalisation.high_variance, trace(WELL, skill=Skill(0.9, 0.71)), []),
    (generalisation.high_variance, trace(WELL, skill=APART, more={"drift": 1e-9}), []),
    (generalisation.drifted, trace(WELL, skill=APART, more={"drift": 1e-9}),
     [("preprocessing", warning), ("data", warning)]),
    (generalisation.drifted, trace(WELL, more={"drift": 1e-9}), [("data", note)]),
    (generalisation.drifted, trace(WELL, skill=APART, more={"drift": 0.01}), []),
    (generalisation.shared_examples, trace(more={"shared_examples": 0.5}), [("data", note)]),
    (generalisation.shared_examples, trace(more={"shared_examples": 0.01}), []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "evidence", "expected"),
    FIRES,
    ids=[f"{n}-{rule.__name__}" for n, (rule, *_) in enumerate(FIRES)],
)
def test_a_rule_fires_on_its_sign_and_names_the_likeliest_cause(rule, evidence, expected):
    assert told(rule, evidence) == expected


@pytest.mark.parametrize("rule", dict.fromkeys(r for r, *_ in FIRES), ids=lambda r: r.__name__)
def test_a_rule_is_registered_and_says_where_its_threshold_comes_from(rule):
    assert RULES.count(rule) == 1
    for part in ("    Sign: ", "    What else could cause it: "):
        assert f"\n{part}" in rule.__doc__
    firing = [expected for other, _, expected in FIRES if other is rule]
    assert [] in firing
    assert any(firing)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"gradient_norms": looks(EXPLODING), "update_ratios": looks(LARGE)},
        {"units": DEAD | {"out": Units(0.0, 0.9)}},
        {"costs": (1.2, 0.9, 0.5, *[0.3, 0.4] * 8)},  # noise of mini-batches at a good cost
        {"skill": Skill(1.0, 0.6)},  # overfits, and still does well
        {"initial_cost": 90.0},
        {"epochs": 3, "skill": None, "costs": (1.1, 1.1, 1.1)},  # a plateau at the start
        {"dev_costs": tuple(0.5 + 0.1 * np.arange(20))},
    ],
)
@pytest.mark.parametrize("inputs", [traces.INPUTS, RAW])
def test_a_program_that_learns_is_healthy(changes, inputs):
    diagnosis = judge(trace(WELL, inputs=inputs, **changes))
    assert diagnosis.healthy, str(diagnosis)


def test_the_evidence_of_the_most_telling_sign_has_its_baseline():
    (found,) = cost.at_the_priors(trace(costs=(1.1,), update_ratios=looks(SMALL)))
    assert found.evidence == {
        "cost": 1.1, "prior_cost": 1.1, "steps": 2500, "update_ratio": pytest.approx(2e-5),
        "usual": 1e-3, "learning_rate": 0.001,
    }  # fmt: skip
    assert found.advice.startswith("Try learning_rate=0.01")


def test_nothing_measured_is_nothing_said():
    bare = Trace(program=dataclasses.replace(traces.PROGRAM, layers=()))
    for evidence in (bare, dataclasses.replace(bare, run=Run())):
        assert [found for rule in RULES for found in rule(evidence)] == []


def test_the_rate_by_depth_is_the_factor_towards_the_input():
    norms = {f"{n}/kernel": 8.0 * 2.0**n for n in range(5)}
    depth = gradients.read_depth(Run(gradient_norms=looks(norms)))
    assert depth.rate == pytest.approx(0.5)
    assert list(depth.norms.values()) == pytest.approx([8.0, 16.0, 32.0, 64.0, 128.0])


def test_the_first_layer_with_idle_units_is_named():
    every = trace(units={"one": Units(0.8, 0.0), "two": Units(1.0, 0.0)})
    assert [found.where for found in units.dead_units(every)] == ["one"]


def test_the_farthest_initialisation_is_named():
    layers = (
        LayerFacts("a", "Dense", 1, "relu", 1, 0.6, 0.3),
        LayerFacts("b", "Dense", 1, "relu", 1, 0.01, 0.3),
    )
    far = gradients.initialization_off(trace(program=traces.program(layers=layers)))
    assert far == ("b", pytest.approx(1 / 30))
