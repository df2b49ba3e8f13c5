import dataclasses

import numpy as np
import pytest

from kerasrecipes.diagnosis.trace import InputFacts, LayerFacts, Program, Run, TargetFacts, Trace
from kerasrecipes.diagnosis.trials import VARIANTS, Setup, changes

LAYERS = (LayerFacts("one", "Dense", 8, "sigmoid", 4, 0.1, 0.5), LayerFacts("out", "Dense", 3, ""))
PROGRAM = Program(LAYERS, "sigmoid", 3, 2, "categorical_crossentropy", False, "sgd", 0.01)
INPUTS = InputFacts(
    1000, (2,), False, False, 0, 1, 0.5, 0.3, np.array([0.3, 0.3]), np.array([0.5, 0.5])
)
TARGETS = TargetFacts("one_hot", 3, 3, 0, 1, 0.3, 0.5, np.full(3, 1 / 3))
TRACE = Trace(PROGRAM, INPUTS, TARGETS)


def changed(program=(), inputs=(), targets=()):
    return Trace(
        dataclasses.replace(PROGRAM, **dict(program)),
        dataclasses.replace(INPUTS, **dict(inputs)),
        dataclasses.replace(TARGETS, **dict(targets)),
    )


@pytest.mark.parametrize(
    ("kind", "units", "columns", "fitting"),
    [
        ("one_hot", 3, 3, ((3, "softmax"), "categorical_crossentropy")),
        ("classes", 1, 1, ((3, "softmax"), "sparse_categorical_crossentropy")),
        ("binary", 1, 1, ((1, "sigmoid"), "binary_crossentropy")),
        ("binary", 2, 1, ((2, "softmax"), "sparse_categorical_crossentropy")),
        ("multilabel", 3, 3, ((3, "sigmoid"), "binary_crossentropy")),
        ("continuous", 2, 2, ((2, "linear"), "mean_squared_error")),
    ],
)
def test_the_fitting_output_follows_the_targets(kind, units, columns, fitting):
    trace = changed({"output_units": units}, targets={"kind": kind, "columns": columns})
    assert changes.fitting_output(trace) == fitting


def test_an_activation_that_does_not_fit_is_changed_alone_where_the_loss_fits():
    assert changes.output_alone(TRACE) == Setup(output=(3, "softmax"))
    assert changes.output_and_loss(TRACE) is None
    assert changes.loss_alone(TRACE) is None


def test_logits_of_a_fitting_loss_are_left_alone():
    trace = changed({"output_activation": "linear", "from_logits": True})
    assert changes.output_alone(trace) is changes.output_and_loss(trace) is None


@pytest.mark.parametrize(
    ("inputs", "applies"),
    [
        ({}, False),
        ({"deviation": 80.0}, True),
        ({"feature_means": np.array([0.0, 300.0])}, True),
        ({"feature_deviations": np.array([0.1, 50.0])}, True),
        ({"deviation": 80.0, "is_index": True}, False),
        ({"deviation": 80.0, "not_finite": 1}, False),
        ({"feature_deviations": np.zeros(2), "deviation": 80.0}, False),
    ],
)
def test_inputs_are_standardised_where_they_are_far_from_it(inputs, applies):
    assert (changes.standardized_inputs(changed(inputs=inputs)) is not None) == applies


@pytest.mark.parametrize(("size", "smaller"), [(8, None), (32, 4), (64, 8), (5000, 32)])
def test_large_batches_are_cut(size, smaller):
    setup = changes.smaller_batch(changed({"batch_size": size}))
    assert (setup.batch_size if setup else None) == smaller


def test_a_lower_rate_is_suspected_where_the_cost_rose():
    lower = next(one for one in VARIANTS if one.name == "learning rate / 10")
    rose = dataclasses.replace(TRACE, run=Run(costs=(5.0,), initial_cost=1.0))
    fell = dataclasses.replace(TRACE, run=Run(costs=(0.5,), initial_cost=1.0))
    assert lower.is_suspected(rose)
    assert not lower.is_suspected(fell)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_each_variant_changes_something_and_says_it_in_a_line(variant):
    setup = variant.setup(TRACE)
    assert setup is None or setup.changed()
    assert variant.line(TRACE).strip()


def test_changes_join_and_the_later_one_wins():
    joined = Setup(rate=10.0, hidden="relu").joined(Setup(rate=0.1, standardized=True))
    assert joined.changed() == {"rate": 0.1, "hidden": "relu", "standardized": True}
    assert joined.structure.changed() == {"hidden": "relu"}
