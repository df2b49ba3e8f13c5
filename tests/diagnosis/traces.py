"""Traces made by hand: a program that fails, and one that learns, changed where a test says."""

import dataclasses

import numpy as np

from kerasrecipes.diagnosis.trace import (
    InputFacts,
    LayerFacts,
    Program,
    Run,
    Skill,
    TargetFacts,
    Trace,
)

LEARNED, FAILED = Skill(0.9, 0.85, 0.9), Skill(0.02, 0.01, 0.5)

PROGRAM = Program(
    layers=(
        LayerFacts("one", "Dense", 32, "relu", 20, 0.3, 0.3, 0.0),
        LayerFacts("two", "Dense", 32, "relu", 32, 0.25, 0.25, 0.0),
        LayerFacts("out", "Dense", 3, "softmax", 32, 0.2, 0.2, 0.0),
    ),
    output_activation="softmax",
    output_units=3,
    output_rank=2,
    loss="sparse_categorical_crossentropy",
    from_logits=False,
    optimizer="adam",
    learning_rate=0.001,
    epochs=20,
    parameters=2_000,
)
INPUTS = InputFacts(
    examples=4_000, shape=(20,), is_image=False, is_index=False, minimum=-3.0, maximum=3.0,
    mean=0.0, deviation=1.0, feature_deviations=np.ones(20), feature_means=np.zeros(20),
)  # fmt: skip
TARGETS = TargetFacts(
    "classes", 1, 3, 0.0, 2.0, 1.0, 0.8, priors=np.full(3, 1 / 3), is_integer=True
)
PRIOR = 1.1


def noise(length, around, width=0.01):
    return around + width * np.random.default_rng(0).normal(size=length)


FLAT = Run(
    costs=tuple(noise(20, PRIOR)), initial_cost=1.3, prior_cost=PRIOR, floor_cost=0.0,
    epochs=20, planned_epochs=20, steps=2_500, skill=FAILED,
)  # fmt: skip
WELL = dataclasses.replace(
    FLAT, costs=tuple(1.2 * 0.8 ** np.arange(20.0)), skill=LEARNED, skill_before=Skill(0.0)
)
NORMS = {"one/kernel": 0.3, "one/bias": 9.0, "two/kernel": 0.2, "out/kernel": 0.4}


def looks(values):
    """A series over three looks for each path."""
    return {path: np.array([0.5, 1.0, 2.0]) * value for path, value in values.items()}


def inputs(**changes):
    return dataclasses.replace(INPUTS, **changes)


def program(**changes):
    return dataclasses.replace(PROGRAM, **changes)


def layers(**changes):
    """The program with the first layer changed."""
    return program(layers=(dataclasses.replace(PROGRAM.layers[0], **changes), *PROGRAM.layers[1:]))


RAW = inputs(deviation=80.0, feature_deviations=np.full(20, 80.0))
PRICES = TargetFacts("continuous", 1, None, 50.0, 500.0, 200.0, 90.0)


def trace(run=FLAT, *, program=PROGRAM, inputs=INPUTS, targets=TARGETS, more=None, **changes):
    """A trace whose run is `run` with these changes; `more` changes the trace itself."""
    run = dataclasses.replace(run, **changes)
    return Trace(program=program, inputs=inputs, targets=targets, run=run, **(more or {}))


def told(rule, evidence):
    """What a rule says, as `(cause, severity)`; every finding has finite numbers or a place."""
    findings = list(rule(evidence))
    assert all(len(found.evidence) for found in findings)
    return [(found.cause, found.severity) for found in findings]
