"""The one table of what a trial may change: its cause, one line of code, and when it applies."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from kerasrecipes.diagnosis.trace import Trace
from kerasrecipes.diagnosis.trials.setup import Setup

SOME_UNITS = 64  # a hidden layer from here on is not called narrow
FEW_EXAMPLES, MANY_EXAMPLES = 8, 128  # in a batch
USUAL_RATE = {"sgd": 0.01, "adagrad": 0.01, "adadelta": 1.0}  # of others 0.001, as Keras has it
SATURATING = ("sigmoid", "tanh", "hard_sigmoid", "softmax", "softsign", "linear")


class Variant(NamedTuple):
    """One change.

    Attributes:
        name: As `Trial.change`.
        cause: As `Finding.cause`.
        also: Causes that it holds besides.
        setup: The change that fits this program; None where the variant does not apply.
        line: The change as one line of code.
        is_suspected: Whether what is known already speaks for it: these come first.
        is_sound: Whether it is sound practice for any program that it applies to.
        is_more: Whether it trains more, which two such changes may do where one does not.
    """

    name: str
    cause: str
    setup: Callable[[Trace], Setup | None]
    line: Callable[[Trace], str]
    is_suspected: Callable[[Trace], bool] = lambda trace: False
    also: tuple[str, ...] = ()
    is_sound: bool = False
    is_more: bool = False


def standardized_inputs(trace: Trace) -> Setup | None:
    """Where features lie far from mean 0 and deviation 1, by a factor of 5 or more."""
    inputs = trace.inputs
    if inputs is None or inputs.is_index or inputs.not_finite:
        return None
    varied = inputs.feature_deviations > 0
    if not varied.any():
        return None
    deviations, means = inputs.feature_deviations[varied], inputs.feature_means[varied]
    is_far = inputs.deviation > 5 or inputs.deviation < 0.05 or np.abs(means).max() > 5
    is_uneven = not inputs.is_image and len(inputs.shape) == 1 and np.ptp(np.log(deviations)) > 3
    large = bool(deviations.max() > 2 and is_uneven)
    return Setup(standardized=True) if is_far or large else None


def scaled_targets(trace: Trace) -> Setup | None:
    """Where a regression's targets lie far from mean 0 and deviation 1."""
    targets, program = trace.targets, trace.program
    if targets is None or targets.kind != "continuous" or program.output_activation != "linear":
        return None
    is_far = not 0.1 < targets.deviation < 10 or abs(targets.mean) > 10 * targets.deviation
    return Setup(scaled_targets=True) if is_far and targets.deviation else None


def fitting_output(trace: Trace) -> tuple[tuple[int, str], str] | None:
    """Units, activation and loss that fit the targets; None where the kind is not known."""
    targets, program = trace.targets, trace.program
    if targets is None or program.output_rank != 2:
        return None
    if targets.kind == "one_hot":
        return (targets.columns, "softmax"), "categorical_crossentropy"
    if targets.kind == "classes":
        return (targets.classes or 1, "softmax"), "sparse_categorical_crossentropy"
    if targets.kind == "binary" and program.output_units == 1:
        return (1, "sigmoid"), "binary_crossentropy"
    if targets.kind == "binary":
        return (2, "softmax"), "sparse_categorical_crossentropy"
    if targets.kind == "multilabel":
        return (targets.columns, "sigmoid"), "binary_crossentropy"
    return (targets.columns, "linear"), "mean_squared_error"


def _own_output(trace: Trace) -> tuple[int, str]:
    program = trace.program
    if program.from_logits and program.output_activation == "linear":
        is_binary = program.loss.startswith("binary")
        return program.output_units, "sigmoid" if is_binary else "softmax"
    return program.output_units, program.output_activation


def output_and_loss(trace: Trace) -> Setup | None:
    """Where both differ from what fits the targets, or one cannot be changed alone."""
    fitting = fitting_output(trace)
    if fitting is None or not trace.program.layers:
        return None
    (units, activation), loss = fitting
    same_output = (units, activation) == _own_output(trace)
    if same_output or (loss == trace.program.loss and units == trace.program.output_units):
        return None
    return Setup(output=(units, activation), loss=loss)


def output_alone(trace: Trace) -> Setup | None:
    """Where another activation fits the targets, with as many units."""
    fitting = fitting_output(trace)
    if fitting is None or not trace.program.layers or trace.program.from_logits:
        return None
    (units, activation), _ = fitting
    if units != trace.program.output_units or (units, activation) == _own_output(trace):
        return None
    return Setup(output=(units, activation))


def loss_alone(trace: Trace) -> Setup | None:
    """Where another loss fits the targets and the output stays."""
    fitting = fitting_output(trace)
    if fitting is None or fitting[0] != _own_output(trace) or fitting[1] == trace.program.loss:
        return None
    if trace.program.from_logits:
        return None
    if {fitting[1], trace.program.loss} == {
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
    }:
        return None
    return Setup(loss=fitting[1])


def bounded_regression(trace: Trace) -> Setup | None:
    """tanh, where a ReLU or sigmoid at the output cuts targets below 0 off."""
    targets = trace.targets
    if targets is None or targets.kind != "continuous" or not targets.negative_share:
        return None
    if trace.program.output_activation not in ("relu", "sigmoid", "softmax"):
        return None
    return Setup(output=(trace.program.output_units, "tanh"))


def usual_rate(trace: Trace) -> Setup | None:
    """The optimizer's usual rate, where the program's is 20 times off."""
    rate = trace.program.learning_rate
    factor = USUAL_RATE.get(trace.program.optimizer, 0.001) / rate if rate > 0 else 1.0
    return None if 1 / 20 < factor < 20 else Setup(rate=factor)


def _usual_line(trace: Trace) -> str:
    return f"learning_rate={USUAL_RATE.get(trace.program.optimizer, 0.001):g}"


def _rate(factor: float) -> Callable[[Trace], Setup | None]:
    def setup(trace: Trace) -> Setup | None:
        return Setup(rate=factor)

    return setup


def _rate_line(factor: float) -> Callable[[Trace], str]:
    def line(trace: Trace) -> str:
        return f"learning_rate={trace.program.learning_rate * factor:g}"

    return line


def _is_broken(trace: Trace) -> bool:
    run = trace.run
    return run is not None and (
        run.not_finite is not None
        or (run.initial_cost is not None and bool(run.costs) and run.costs[-1] > run.initial_cost)
    )


def lowest_rate(trace: Trace) -> Setup | None:
    """A hundredth of the rate, where the cost rose or broke."""
    return Setup(rate=0.01) if _is_broken(trace) else None


def _is_stuck(trace: Trace) -> bool:
    return not _is_broken(trace)


def longer(trace: Trace) -> Setup | None:
    """Ten times as many epochs."""
    return Setup(passes=10.0)


def adam(trace: Trace) -> Setup | None:
    """Adam by its defaults, where it is neither that nor a kin."""
    kin = ("adam", "adamw", "nadam", "adamax")
    return None if trace.program.optimizer in kin else Setup(optimizer="adam")


def plain_descent(trace: Trace) -> Setup | None:
    """SGD by its defaults, where an adaptive optimizer is used."""
    return None if trace.program.optimizer == "sgd" else Setup(optimizer="sgd")


def fitting_weights(trace: Trace) -> Setup | None:
    """He's or Xavier's kernels, where the program's differ by a factor of 2 or more."""
    return Setup(weights="fitting") if _is_off(trace) else None


def _is_off(trace: Trace) -> bool:
    pairs = [(one.kernel_std, one.expected_std) for one in trace.program.layers]
    return any(
        std is not None and expected and not 0.5 < std / expected < 2 for std, expected in pairs
    )


def redrawn_weights(trace: Trace) -> Setup | None:
    """The program's own initializers, drawn again: was it bad luck?"""
    return Setup(weights="redrawn")


def hidden_relu(trace: Trace) -> Setup | None:
    """ReLU, where hidden layers saturate or are linear."""
    hidden = [one.activation for one in trace.program.layers[:-1]]
    return Setup(hidden="relu") if any(one in SATURATING for one in hidden) else None


def hidden_smooth(trace: Trace) -> Setup | None:
    """ELU, which has no dead units, where hidden layers are ReLU."""
    hidden = [one.activation for one in trace.program.layers[:-1]]
    return Setup(hidden="elu") if "relu" in hidden else None


def _has_dead_units(trace: Trace) -> bool:
    run = trace.run
    return run is not None and any(one.dead > 0.5 for one in run.units.values())


def smaller_batch(trace: Trace) -> Setup | None:
    """Batches of a quarter, at most 32, where they hold 32 examples or more."""
    size = trace.program.batch_size
    if trace.inputs is not None:
        size = min(size, trace.inputs.examples)
    return Setup(batch_size=min(32, max(1, size // 8))) if size >= 32 else None


def larger_batch(trace: Trace) -> Setup | None:
    """Batches of 32, where they hold fewer than 8 examples."""
    few = trace.program.batch_size < FEW_EXAMPLES
    enough = trace.inputs is not None and trace.inputs.examples >= 128
    return Setup(batch_size=32) if few and enough else None


def unregularized(trace: Trace) -> Setup | None:
    """Without dropout and penalties, where there are any."""
    program = trace.program
    held_back = any(one.dropout or one.penalty for one in program.layers)
    return Setup(unregularized=True) if held_back or program.input_dropout else None


def wider_layers(trace: Trace) -> Setup | None:
    """Four times the hidden units, where all hidden layers are narrow."""
    widths = [one.units or 0 for one in trace.program.layers[:-1]]
    return Setup(wider=4) if widths and max(widths) < SOME_UNITS else None


def shuffled(trace: Trace) -> Setup | None:
    """A new order for each epoch, where the program keeps the order of the data."""
    return None if trace.program.shuffle else Setup(shuffled=True)


def _epochs_line(trace: Trace) -> str:
    return f"epochs={10 * trace.program.epochs}"


def _output_line(trace: Trace) -> str:
    (units, activation), loss = fitting_output(trace) or ((1, "linear"), "mean_squared_error")
    return f'keras.layers.Dense({units}, activation="{activation}"); loss="{loss}"'


def _activation_line(trace: Trace) -> str:
    (units, activation), _ = fitting_output(trace) or ((1, "linear"), "")
    return f'keras.layers.Dense({units}, activation="{activation}")'


def _loss_line(trace: Trace) -> str:
    return f'loss="{(fitting_output(trace) or ((1, ""), "mean_squared_error"))[1]}"'


def _size_line(setup: Callable[[Trace], Setup | None]) -> Callable[[Trace], str]:
    return lambda trace: f"batch_size={(setup(trace) or Setup(batch_size=32)).batch_size}"


def _constant(line: str) -> Callable[[Trace], str]:
    return lambda trace: line


def _always(trace: Trace) -> bool:
    return True


def _is_deep(trace: Trace) -> bool:
    return len(trace.program.layers) > 3


def _is_sorted(trace: Trace) -> bool:
    return trace.targets is not None and trace.targets.sorted_by_class


def _drops_most(trace: Trace) -> bool:
    return any(one.dropout > 0.5 for one in trace.program.layers)


VARIANTS: tuple[Variant, ...] = (
    Variant(
        "inputs standardised",
        "preprocessing",
        standardized_inputs,
        _constant("x = (x - x.mean(axis=0)) / x.std(axis=0)"),
        _always,
        is_sound=True,
    ),
    Variant(
        "targets standardised",
        "preprocessing",
        scaled_targets,
        _constant("y = (y - y.mean()) / y.std()"),
        _always,
        is_sound=True,
    ),
    Variant("shuffled", "data", shuffled, _constant("shuffle=True"), _is_sorted, is_sound=True),
    Variant(
        "usual learning rate", "learning_rate", usual_rate, _usual_line, _always, is_sound=True
    ),
    Variant(
        "learning rate x 10",
        "learning_rate",
        _rate(10.0),
        _rate_line(10.0),
        _is_stuck,
        is_more=True,
    ),
    Variant(
        "initialisation of He or Xavier",
        "initialization",
        fitting_weights,
        _constant('kernel_initializer="he_normal"'),
        _always,
        is_sound=True,
    ),
    Variant(
        "fitting output activation",
        "activation",
        output_alone,
        _activation_line,
        _always,
        is_sound=True,
    ),
    Variant("fitting loss", "loss", loss_alone, _loss_line, _always, is_sound=True),
    Variant(
        "fitting output and loss",
        "activation",
        output_and_loss,
        _output_line,
        _always,
        also=("loss",),
        is_sound=True,
    ),
    Variant("learning rate / 10", "learning_rate", _rate(0.1), _rate_line(0.1), _is_broken),
    Variant("learning rate / 100", "learning_rate", lowest_rate, _rate_line(0.01), _is_broken),
    Variant("learning rate x 100", "learning_rate", _rate(100.0), _rate_line(100.0)),
    Variant("epochs x 10", "epochs", longer, _epochs_line, is_more=True),
    Variant(
        "Adam",
        "optimizer",
        adam,
        _constant("optimizer=keras.optimizers.Adam(0.001)"),
        is_sound=True,
    ),
    Variant(
        "hidden activations ReLU",
        "activation",
        hidden_relu,
        _constant('activation="relu"'),
        _is_deep,
        is_sound=True,
    ),
    Variant(
        "hidden activations ELU",
        "activation",
        hidden_smooth,
        _constant('activation="elu"'),
        _has_dead_units,
    ),
    Variant(
        "without dropout and penalties",
        "regularization",
        unregularized,
        _constant("keras.layers.Dropout(0.0)"),
        _drops_most,
    ),
    Variant(
        "output tanh",
        "activation",
        bounded_regression,
        _constant('keras.layers.Dense(1, activation="tanh")'),
    ),
    Variant("smaller batches", "batch_size", smaller_batch, _size_line(smaller_batch)),
    Variant("larger batches", "batch_size", larger_batch, _size_line(larger_batch)),
    Variant("hidden layers x 4", "layers", wider_layers, _constant("units=4 * units")),
    Variant(
        "initialisation drawn again",
        "initialization",
        redrawn_weights,
        _constant("keras.utils.set_random_seed(1)"),
    ),
    Variant("SGD", "optimizer", plain_descent, _constant("optimizer=keras.optimizers.SGD(0.01)")),
)
