"""One row for each sign and for the nearest program without it; traces are built by hand."""

import dataclasses

import numpy as np
import pytest

from kerasrecipes.diagnosis.judge import judge
from kerasrecipes.diagnosis.rules import STATIC_RULES
from kerasrecipes.diagnosis.trace import (
    InputFacts,
    LayerFacts,
    Program,
    Run,
    Skill,
    TargetFacts,
    Trace,
)

FAILED = Run(epochs=20, planned_epochs=20, skill=Skill(train=0.02))
LEARNED = Run(epochs=20, planned_epochs=20, skill=Skill(train=0.9))
HIDDEN = LayerFacts("hidden", "Dense", 32, "relu", 8, 0.3, expected_std=0.5, glorot_std=0.22)
OUTPUT = LayerFacts("output", "Dense", 3, "softmax", 32, 0.2, expected_std=0.18, glorot_std=0.24)
ONES = np.ones(8)

PROGRAM = Program(
    layers=(HIDDEN, OUTPUT),
    output_activation="softmax",
    output_units=3,
    output_rank=2,
    loss="categorical_crossentropy",
    from_logits=False,
    optimizer="adam",
    learning_rate=0.001,
    metrics=("accuracy",),
    epochs=20,
    parameters=387,
)
INPUTS = InputFacts(1600, (8,), False, False, -3.0, 3.0, 0.0, 1.0, ONES, 0 * ONES)
ONE_HOT = TargetFacts("one_hot", 3, 3, 0.0, 1.0, 1 / 3, 0.47, np.ones(3) / 3, is_integer=True)
CLASSES = TargetFacts("classes", 1, 3, 0.0, 2.0, 1.0, 0.8, np.ones(3) / 3, is_integer=True)
BINARY = TargetFacts("binary", 1, 2, 0.0, 1.0, 0.5, 0.5, np.ones(2) / 2, is_integer=True)
LABELS = TargetFacts("multilabel", 3, 3, 0.0, 1.0, 0.5, 0.5, np.ones(3) / 2, is_integer=True)
AMOUNTS = TargetFacts("continuous", 1, None, -2.0, 2.0, 0.0, 1.0, negative_share=0.5)
HEALTHY = Trace(PROGRAM, INPUTS, ONE_HOT, FAILED)


def changed(facts, **changes):
    return dataclasses.replace(facts, **changes)


def trace(targets=ONE_HOT, inputs=INPUTS, run=FAILED, hidden=None, output=None, **program):
    """The healthy program with changes; the last activation and units follow the arguments."""
    activation = program.get("output_activation", PROGRAM.output_activation)
    last = changed(OUTPUT, activation=activation, units=program.get("output_units", 3))
    hidden = [changed(HIDDEN, **facts) for facts in hidden or [{}]]
    layers = (*hidden, changed(last, **(output or {})))
    return Trace(changed(PROGRAM, **{"layers": layers, **program}), inputs, targets, run)


def one_unit(activation, loss, targets, **changes):
    program = {"output_activation": activation, "output_units": 1, "loss": loss, **changes}
    return trace(targets, metrics=(), **program)


def scaled(deviations, means=0.0, **changes):
    deviations = np.asarray(deviations, dtype="float64")
    means = np.broadcast_to(np.asarray(means, dtype="float64"), deviations.shape)
    return trace(
        inputs=changed(
            INPUTS, minimum=-9.0, feature_deviations=deviations, feature_means=means, **changes
        )
    )


SIGMOID = {"output_activation": "sigmoid"}
MSE, BCE = "mean_squared_error", "binary_crossentropy"
CCE, SCCE = "categorical_crossentropy", "sparse_categorical_crossentropy"
DIVIDED = {"maximum": 1 / 255, "mean": 1 / 510, "is_integer": False}
SORTED = changed(ONE_HOT, sorted_by_class=True)
RARE = changed(BINARY, priors=np.array([0.95, 0.05]))

# (code, cause, a program with the sign, its nearest neighbour without)
SUSPICIONS = [
    ("sigmoid-over-exclusive-classes", "activation", trace(**SIGMOID), trace(LABELS, **SIGMOID)),
    (
        "sigmoid-over-exclusive-classes",
        "activation",
        trace(CLASSES, loss=SCCE, **SIGMOID),
        trace(CLASSES, loss=SCCE),
    ),
    ("softmax-over-labels", "activation", trace(LABELS, loss=BCE), trace(ONE_HOT, loss=BCE)),
    (
        "output-is-no-probability",
        "activation",
        trace(output_activation="relu"),
        trace(output_activation="relu", from_logits=True),
    ),
    (
        "output-is-no-probability",
        "activation",
        one_unit("tanh", BCE, BINARY),
        one_unit("tanh", MSE, changed(BINARY, minimum=-1.0)),
    ),
    (
        "output-cannot-reach-targets",
        "activation",
        one_unit("relu", MSE, AMOUNTS),
        one_unit("relu", MSE, changed(AMOUNTS, minimum=-0.05)),
    ),
    (
        "output-cannot-reach-targets",
        "activation",
        one_unit("tanh", MSE, AMOUNTS),
        one_unit("linear", MSE, AMOUNTS),
    ),
    (
        "activation-twice",
        "activation",
        trace(output={"inner_activations": ("softmax",)}),
        trace(hidden=[{"inner_activations": ("relu",)}]),
    ),
    (
        "probabilities-taken-for-logits",
        "loss",
        trace(from_logits=True),
        trace(from_logits=True, output_activation="linear"),
    ),
    ("distance-on-classes", "loss", trace(loss=MSE), one_unit("linear", MSE, CLASSES)),
    (
        "distance-on-classes",
        "loss",
        one_unit("sigmoid", "mean_absolute_error", BINARY),
        one_unit("sigmoid", BCE, BINARY),
    ),
    (
        "binary-crossentropy-on-exclusive-classes",
        "loss",
        trace(loss=BCE),
        trace(changed(ONE_HOT, columns=2, classes=2), loss=BCE, output_units=2),
    ),
    ("exclusive-loss-on-labels", "loss", trace(LABELS), trace(LABELS, loss=BCE)),
    (
        "loss-outside-its-range",
        "loss",
        one_unit("linear", "mean_absolute_percentage_error", AMOUNTS),
        one_unit("linear", "mean_absolute_percentage_error", changed(AMOUNTS, minimum=0.5)),
    ),
    ("inputs-unscaled", "preprocessing", scaled(100 * ONES), scaled(2 * ONES)),
    ("inputs-unscaled", "preprocessing", scaled([0.1, 1, 2]), scaled([0.5, 1, 2])),
    ("inputs-unscaled", "preprocessing", scaled(ONES, 4.0), scaled(ONES, 2.0)),
    ("inputs-unscaled", "preprocessing", scaled(0.01 * ONES), scaled(0.1 * ONES)),
    (
        "inputs-unscaled",
        "preprocessing",
        scaled(100 * ONES),
        scaled(100 * ONES, is_index=True),
    ),
    (
        "targets-unscaled",
        "preprocessing",
        one_unit("linear", MSE, changed(AMOUNTS, mean=200.0)),
        one_unit("linear", MSE, changed(AMOUNTS, mean=2.0)),
    ),
    (
        "classes-imbalanced",
        "data",
        trace(RARE, loss=SCCE, output_units=2),
        trace(RARE, loss=SCCE, output_units=2, metrics=("accuracy", "auc")),
    ),
    (
        "missing-nonlinearity",
        "activation",
        trace(hidden=[{"activation": "linear", "followed_by": ("Flatten",)}]),
        trace(hidden=[{"activation": "linear", "followed_by": ("MaxPooling2D",)}]),
    ),
    (
        "softmax-inside",
        "activation",
        trace(hidden=[{"activation": "softmax"}]),
        trace(hidden=[{"activation": "softmax", "kind": "MultiHeadAttention"}]),
    ),
    (
        "saturating-stack",
        "activation",
        trace(hidden=[{"activation": "sigmoid"}] * 2),
        trace(hidden=[{"activation": "sigmoid"}]),
    ),
    (
        "saturating-stack",
        "activation",
        trace(hidden=[{"activation": "tanh"}] * 5),
        trace(hidden=[{"activation": "tanh", "normalized": True}] * 5),
    ),
    ("layer-too-narrow", "layers", trace(hidden=[{"units": 1}]), trace(hidden=[{"units": 3}])),
    (
        "layer-too-narrow",
        "layers",
        trace(hidden=[{"units": 2}]),
        trace(hidden=[{"units": 2}], inputs=changed(INPUTS, shape=(3,))),
    ),
    ("no-hidden-layer", "layers", trace(layers=(OUTPUT,)), trace()),
    (
        "weights-too-small",
        "initialization",
        trace(hidden=[{"kernel_std": 0.01}]),
        trace(hidden=[{"kernel_std": 0.1}]),
    ),
    (
        "weights-too-large",
        "initialization",
        trace(hidden=[{"kernel_std": 3.0}]),
        trace(hidden=[{"kernel_std": 3.0, "normalized": True}]),
    ),
    (
        "biases-too-low",
        "initialization",
        trace(hidden=[{"bias_mean": -2.0}]),
        trace(hidden=[{"bias_mean": -2.0, "activation": "tanh"}]),
    ),
    ("learning-rate-too-high", "learning_rate", trace(learning_rate=0.1), trace()),
    (
        "learning-rate-too-high",
        "learning_rate",
        trace(optimizer="sgd", learning_rate=0.2, momentum=0.9),
        trace(optimizer="sgd", learning_rate=0.2, momentum=0.5),
    ),
    (
        "learning-rate-too-low",
        "learning_rate",
        trace(learning_rate=1e-6),
        trace(learning_rate=1e-4, epochs=200),
    ),
    ("learning-rate-too-low", "learning_rate", trace(epochs=5), trace(epochs=20)),
    (
        "plain-gradient-descent",
        "optimizer",
        trace(optimizer="sgd", learning_rate=0.01),
        trace(optimizer="sgd", learning_rate=0.01, momentum=0.9),
    ),
    ("too-few-updates", "epochs", trace(epochs=1), trace(epochs=20)),
    (
        "batch-of-one",
        "batch_size",
        trace(batch_size=1),
        trace(batch_size=1, inputs=changed(INPUTS, examples=20)),
    ),
    (
        "batch-too-large",
        "batch_size",
        trace(batch_size=800),
        trace(batch_size=800, epochs=500),
    ),
    (
        "small-batch-normalized",
        "batch_size",
        trace(batch_size=2, hidden=[{"normalized": True}]),
        trace(batch_size=8, hidden=[{"normalized": True}]),
    ),
    (
        "dropout-too-strong",
        "regularization",
        trace(hidden=[{"dropout": 0.8}]),
        trace(hidden=[{"dropout": 0.5}]),
    ),
    (
        "dropout-too-strong",
        "regularization",
        trace(hidden=[{"dropout": 0.5, "units": 6}]),
        trace(hidden=[{"dropout": 0.0, "units": 3}]),
    ),
    (
        "dropout-too-strong",
        "regularization",
        trace(input_dropout=0.95),
        trace(input_dropout=0.2),
    ),
    ("output-frozen", "layers", trace(output={"trainable": False}), trace()),
    (
        "targets-unrelated",
        "data",
        changed(trace(), neighbour_skill=-0.1),
        changed(trace(), neighbour_skill=0.5),
    ),
    ("dropout-at-the-output", "regularization", trace(output={"dropout": 0.2}), trace()),
    (
        "penalty-too-strong",
        "regularization",
        trace(hidden=[{"penalty": 0.5}]),
        trace(hidden=[{"penalty": 0.01}]),
    ),
]

# What arithmetic makes impossible: the severity does not depend on the training.
CERTAIN = [
    (
        "softmax-on-one-unit",
        "activation",
        one_unit("softmax", BCE, BINARY),
        one_unit("sigmoid", BCE, BINARY),
    ),
    (
        "categorical-loss-on-one-unit",
        "loss",
        one_unit("sigmoid", CCE, BINARY),
        one_unit("sigmoid", BCE, BINARY),
    ),
    (
        "crossentropy-on-amounts",
        "loss",
        one_unit("sigmoid", BCE, AMOUNTS),
        one_unit("sigmoid", BCE, changed(AMOUNTS, minimum=0.0, maximum=1.0)),
    ),
    (
        "binary-loss-on-several-classes",
        "loss",
        one_unit("sigmoid", BCE, CLASSES),
        one_unit("sigmoid", BCE, BINARY),
    ),
    (
        "loss-does-not-fit-encoding",
        "loss",
        trace(CLASSES),
        trace(CLASSES, loss=SCCE),
    ),
    ("loss-does-not-fit-encoding", "loss", trace(loss=SCCE), trace()),
    (
        "loss-does-not-fit-encoding",
        "layers",
        trace(AMOUNTS, loss=MSE, output_activation="linear"),
        one_unit("linear", MSE, AMOUNTS),
    ),
    (
        "labels-beyond-units",
        "layers",
        trace(changed(CLASSES, minimum=1.0, maximum=3.0), loss=SCCE),
        trace(CLASSES, loss=SCCE),
    ),
    (
        "labels-beyond-units",
        "layers",
        one_unit("sigmoid", BCE, CLASSES),
        one_unit("sigmoid", BCE, BINARY),
    ),
    (
        "labels-not-as-loss-takes-them",
        "preprocessing",
        one_unit("sigmoid", BCE, changed(BINARY, minimum=-1.0)),
        one_unit("tanh", "hinge", changed(BINARY, minimum=-1.0)),
    ),
    (
        "labels-not-as-loss-takes-them",
        "preprocessing",
        one_unit("sigmoid", BCE, changed(BINARY, **DIVIDED)),
        one_unit("sigmoid", BCE, changed(BINARY, minimum=0.1, maximum=0.9, is_integer=False)),
    ),
    (
        "labels-not-as-loss-takes-them",
        "preprocessing",
        trace(changed(CLASSES, **DIVIDED), loss=SCCE),
        trace(CLASSES, loss=SCCE),
    ),
    ("one-class-alone", "data", trace(changed(ONE_HOT, priors=np.array([0, 1.0, 0]))), trace()),
    ("sorted-and-not-shuffled", "data", trace(SORTED, shuffle=False), trace(SORTED)),
    (
        "sorted-and-not-shuffled",
        "data",
        trace(SORTED, shuffle=False),
        trace(SORTED, shuffle=False, batch_size=2000),
    ),
    (
        "inputs-not-finite",
        "preprocessing",
        trace(inputs=changed(INPUTS, not_finite=3)),
        trace(),
    ),
    ("targets-not-finite", "preprocessing", trace(changed(ONE_HOT, not_finite=1)), trace()),
    (
        "inputs-constant",
        "data",
        trace(inputs=changed(INPUTS, constant_features=8)),
        trace(inputs=changed(INPUTS, constant_features=0)),
    ),
    (
        "hidden-weights-constant",
        "initialization",
        trace(hidden=[{"kernel_std": 0.0}]),
        trace(output={"kernel_std": 0.0}),
    ),
    ("nothing-to-train", "layers", trace(parameters=0), trace()),
]

NOTES = [
    ("rows-repeated", trace(inputs=changed(INPUTS, repeated=0.5)), trace()),
    ("inputs-constant", trace(inputs=changed(INPUTS, constant_features=2)), trace()),
    (
        "accuracy-of-amounts",
        trace(AMOUNTS, output_units=1, loss=MSE, output_activation="linear"),
        one_unit("linear", MSE, AMOUNTS),
    ),
    ("distance-of-classes", trace(metrics=("mse",)), trace(metrics=("mse", "accuracy"))),
]


def found(trace, code):
    return [finding for finding in judge(trace).findings if finding.code == code]


@pytest.mark.parametrize(("code", "cause", "faulty", "sound"), SUSPICIONS)
def test_a_suspicion_is_a_warning_where_the_program_fails(code, cause, faulty, sound):
    findings = found(faulty, code)
    assert {(finding.cause, finding.severity) for finding in findings} == {(cause, "warning")}
    assert not found(sound, code)


@pytest.mark.parametrize("faulty", [row[2] for row in SUSPICIONS])
@pytest.mark.parametrize("run", [LEARNED, None])
def test_a_suspicion_is_a_note_where_no_harm_was_seen(faulty, run):
    assert judge(changed(faulty, run=run)).healthy


@pytest.mark.parametrize("run", [FAILED, LEARNED, None])
@pytest.mark.parametrize(("code", "cause", "faulty", "sound"), CERTAIN)
def test_what_is_certain_is_said_by_itself(code, cause, faulty, sound, run):
    findings = found(changed(faulty, run=run), code)
    assert {finding.cause for finding in findings} == {cause}
    assert all(finding.severity in ("error", "warning") for finding in findings)
    assert not found(changed(sound, run=run), code)


@pytest.mark.parametrize(("code", "faulty", "sound"), NOTES)
def test_what_changes_no_training_is_a_note(code, faulty, sound):
    assert [finding.severity for finding in found(faulty, code)] == ["note"]
    assert not found(sound, code)


def test_a_sound_program_has_no_finding_even_where_it_fails():
    assert [finding for rule in STATIC_RULES for finding in rule(HEALTHY)] == []


@pytest.mark.parametrize(("skill", "severity"), [(0.1, "warning"), (0.6, "warning"), (0.8, "note")])
def test_dropout_at_the_output_weighs_unless_the_program_learned_well(skill, severity):
    run = changed(FAILED, skill=Skill(train=skill))
    [finding] = found(trace(run=run, output={"dropout": 0.5}), "dropout-at-the-output")
    assert finding.severity == severity


def test_without_data_rules_stay_silent():
    assert judge(Trace(PROGRAM)).findings == ()


@pytest.mark.parametrize("rule", STATIC_RULES, ids=lambda rule: rule.__name__)
def test_every_rule_has_a_row_and_says_what_it_sees(rule):
    rows = [row[2] for row in SUSPICIONS + CERTAIN] + [row[1] for row in NOTES]
    findings = [finding for row in rows for finding in rule(row)]
    assert findings
    assert rule.__doc__
    assert all(finding.evidence for finding in findings)


def test_the_advice_is_the_changed_line():
    [finding] = found(trace(CLASSES, loss=SCCE, **SIGMOID), "sigmoid-over-exclusive-classes")
    assert 'Dense(3, activation="softmax")' in finding.advice
    [finding] = found(trace(epochs=5), "learning-rate-too-low")
    assert "keras.optimizers.Adam(0.01)" in finding.advice
